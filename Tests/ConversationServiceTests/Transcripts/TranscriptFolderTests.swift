import Foundation
import TestSupport
import Testing

@testable import ConversationService

/// Files of the folder of transcripts; nothing is ever written outside.
struct TranscriptFolderTests {
    /// Returns the paths below a directory, with what they are.
    private static func tree(_ path: String) throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: path))
    }

    @Test func `hostile user names leave the folder nowhere`() async throws {
        try await withTemporaryDirectory { directory in
            let data = directory + "/data"
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
            let folder = TranscriptFolder(path: data + "/conversationMemory")
            for (index, user) in TranscriptFileNameTests.hostile.enumerated() {
                let draft = try folder.draft()
                try draft.write(Array("\(index)".utf8))
                _ = try draft.publish(as: TranscriptFileName.name(of: user), modified: 1_700_000_000_000_000)
            }
            let names = Set(TranscriptFileNameTests.hostile.map { TranscriptFileName.name(of: $0) })
            let entries = try folder.names()
            #expect(Set(entries).subtracting([".", ".."]) == names)
            let expected = names.map { "data/conversationMemory/\($0)" } + ["data", "data/conversationMemory"]
            #expect(try Self.tree(directory) == Set(expected))
            for (index, user) in TranscriptFileNameTests.hostile.enumerated() {
                let path = folder.path + "/" + TranscriptFileName.name(of: user)
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(index)")
                try folder.remove(TranscriptFileName.name(of: user))
            }
            let rest = try folder.names()
            #expect(Set(rest) == [".", ".."])
        }
    }

    @Test func `a file is appended to only if it is unchanged`() async throws {
        try await withTemporaryDirectory { directory in
            let folder = TranscriptFolder(path: directory + "/m")
            let none = try folder.version(of: "a")
            #expect(none == nil)
            let draft = try folder.draft()
            try draft.write(Array("one".utf8))
            let first = try draft.publish(as: "a", modified: 1_700_000_000_123_456)
            #expect(first.modified == 1_700_000_000_123_456 && first.size == 3)
            let found = try folder.version(of: "a")
            #expect(found == first)
            let appended = try folder.append(
                Array(" two".utf8),
                to: "a",
                ifStill: first,
                modified: 1_700_000_001_000_000
            )
            let second = try #require(appended)
            #expect(second.inode == first.inode && second.size == 7)
            for name in ["a", "b"] {
                let refused = try folder.append(Array("x".utf8), to: name, ifStill: first, modified: 1)
                #expect(refused == nil)
            }
            #expect(try String(contentsOfFile: folder.path + "/a", encoding: .utf8) == "one two")
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/a")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            let ofFolder = try FileManager.default.attributesOfItem(atPath: folder.path)
            #expect((ofFolder[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
    }

    @Test func `symbolic links are not followed`() async throws {
        try await withTemporaryDirectory { directory in
            let outside = directory + "/outside"
            try Data("secret".utf8).write(to: URL(fileURLWithPath: outside))
            let folder = TranscriptFolder(path: directory + "/m")
            let version = try folder.draft().publish(as: "a", modified: 5_000_000)
            try FileManager.default.removeItem(atPath: folder.path + "/a")
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/a", withDestinationPath: outside)
            let found = try folder.version(of: "a")
            let refused = try folder.append(Array("x".utf8), to: "a", ifStill: version, modified: 1)
            #expect(found == nil && refused == nil)
            let draft = try folder.draft()
            try draft.write(Array("new".utf8))
            _ = try draft.publish(as: "a", modified: 1)
            #expect(try String(contentsOfFile: outside, encoding: .utf8) == "secret")
            #expect(try String(contentsOfFile: folder.path + "/a", encoding: .utf8) == "new")
            // A draft that an attacker placed is not followed either.
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/.draft", withDestinationPath: outside)
            try folder.draft().write(Array("x".utf8))
            #expect(try String(contentsOfFile: outside, encoding: .utf8) == "secret")
            let link = TranscriptFolder(path: directory + "/link")
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: directory)
            #expect(throws: TranscriptFolder.Failure.self) { try link.draft() }
            #expect(throws: TranscriptFolder.Failure.self) { try link.version(of: "outside") }
            #expect(throws: TranscriptFolder.Failure.self) { try link.remove("outside") }
            #expect(try String(contentsOfFile: outside, encoding: .utf8) == "secret")
        }
    }
}
