import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import ConversationService

/// The readable files of seed 000, written by a real service.
@Suite(.timeLimit(.minutes(5)))
struct TranscriptMirrorTests {
    @Test func `each turn is appended in the document's format`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            try await fixture.turn("One", in: conversation)
            try await fixture.expectFile("User: One\nAI: One!\n")
            let inode = try fixture.inode()
            fixture.inference.play([.fail(Fault(.provider, "Down."))])
            _ = try await fixture.send("Unanswered", in: conversation)
            try await fixture.turn("Two", in: conversation)
            try await fixture.turn("Three", in: conversation)
            try await fixture.expectFile(Fixture.transcript("One", "Two", "Three"))
            #expect(try fixture.inode() == inode)
        }
    }

    @Test func `only conversations that are transcripts have a file`() async throws {
        try await Fixture.with { fixture in
            _ = try await fixture.send("Hello", in: try await fixture.open())
            try await fixture.turn("One", in: try await fixture.openTranscript("bob"))
            try await fixture.expectFile(of: "bob", Fixture.transcript("One"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.transcriptFolder) == ["bob_memory.txt"])
        }
    }

    @Test func `a file that is missing or was changed is rewritten by the next turn`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            try await fixture.turn("One", in: conversation)
            try await fixture.expectFile(Fixture.transcript("One"))
            try FileManager.default.removeItem(atPath: fixture.file())
            try await fixture.turn("Two", in: conversation)
            try await fixture.expectFile(Fixture.transcript("One", "Two"))
            try Data("forged".utf8).write(to: URL(fileURLWithPath: fixture.file()))
            try await fixture.turn("Three", in: conversation)
            try await fixture.expectFile(Fixture.transcript("One", "Two", "Three"))
            // It is never read: the model got the stored history.
            let prompt = try #require(fixture.inference.requests.last?.messages.last?.text)
            #expect(!prompt.contains("forged") && prompt.contains("User: Two\nAI: Two!"))
        }
    }

    @Test func `at the start, missing and changed files are written and orphans are removed`() async throws {
        try await withTemporaryDirectory { directory in
            let users = ["alice", "bob", "carol", "dave", String(repeating: "é", count: 127)]
            var inode: Int?
            try await Fixture.with(directory) { fixture in
                for user in users {
                    let conversation = try await fixture.openTranscript(user)
                    try await fixture.turn("One", in: conversation)
                    try await fixture.expectFile(of: user, Fixture.transcript("One"))
                }
                inode = try fixture.inode(of: "carol")
                try FileManager.default.removeItem(atPath: fixture.file(of: "alice"))
                try FileManager.default.removeItem(atPath: fixture.file(of: users[4]))
                try Data("User: x\n".utf8).write(to: URL(fileURLWithPath: fixture.file(of: "bob")))
                for name in [
                    TranscriptFileName.name(of: "gone"), TranscriptFileName.name(of: users[4] + "x"), "notes.txt",
                ] {
                    try Data("old".utf8).write(to: URL(fileURLWithPath: fixture.transcriptFolder + "/" + name))
                }
            }
            try await Fixture.with(directory) { fixture in
                for user in users { try await fixture.expectFile(of: user, Fixture.transcript("One")) }
                #expect(try fixture.inode(of: "carol") == inode)
                let names = Set(users.map { TranscriptFileName.name(of: $0) } + ["notes.txt"])
                try await eventually("The removal") {
                    Set((try? FileManager.default.contentsOfDirectory(atPath: fixture.transcriptFolder)) ?? []) == names
                }
            }
        }
    }

    @Test func `an edit and another path rewrite the file`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            let first = try await fixture.turn("One", in: conversation)
            try await fixture.turn("Two", in: conversation)
            try await fixture.expectFile(Fixture.transcript("One", "Two"))
            fixture.inference.play([.text("Uno!"), .finish])
            _ = try await fixture.send("Uno", insteadOf: first.userMessage.id, in: conversation)
            try await fixture.expectFile(Fixture.transcript("Uno"))
            let select = Messages.Select(conversation: conversation.id, message: first.userMessage.id, limit: 1)
            _ = try await fixture.bus.call(select, fixture.context())
            try await fixture.expectFile(Fixture.transcript("One", "Two"))
            try await fixture.turn("Three", in: conversation)
            try await fixture.expectFile(Fixture.transcript("One", "Two", "Three"))
        }
    }

    @Test func `the file is removed with the conversation`() async throws {
        try await Fixture.with { fixture in
            let first = try await fixture.openTranscript()
            try await fixture.turn("One", in: first)
            let second = try await fixture.openTranscript(another: true)
            try await fixture.turn("Two", in: second)
            try await fixture.expectFile(Fixture.transcript("Two"))
            _ = try await fixture.bus.call(Conversations.Delete(id: second.id), fixture.context())
            try await fixture.expectFile(Fixture.transcript("One"))
            _ = try await fixture.bus.call(Conversations.Delete(id: first.id), fixture.context())
            try await fixture.expectFile(nil)
        }
    }

    @Test func `names that differ only in normalization have their own files`() async throws {
        try await Fixture.with { fixture in
            let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
            try await fixture.turn("One", in: try await fixture.openTranscript(composed))
            try await fixture.turn("Two", in: try await fixture.openTranscript(decomposed))
            try await fixture.expectFile(of: composed, Fixture.transcript("One"))
            try await fixture.expectFile(of: decomposed, Fixture.transcript("Two"))
        }
    }

    @Test func `a folder that cannot be written to only leaves the files out`() async throws {
        try await withTemporaryDirectory { directory in
            try Data("in the way".utf8).write(to: URL(fileURLWithPath: directory + "/conversationMemory"))
            try await Fixture.with(directory) { fixture in
                let conversation = try await fixture.openTranscript()
                #expect(try await fixture.turn("One", in: conversation).end.status == .completed)
                try FileManager.default.removeItem(atPath: fixture.transcriptFolder)
                #expect(try await fixture.turn("Two", in: conversation).end.status == .completed)
                try await fixture.expectFile(Fixture.transcript("One", "Two"))
            }
        }
    }

    @Test func `a conversation of several pages is written whole`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.openTranscript()
            let texts = (0..<130).map { "Number \($0)" }
            for text in texts { try await fixture.turn(text, in: conversation) }
            let expected = texts.map { Fixture.transcript($0) }.joined(separator: "\n")
            try await fixture.expectFile(expected)
            try FileManager.default.removeItem(atPath: fixture.file())
            try await fixture.turn("Last", in: conversation)
            try await fixture.expectFile(expected + "\n" + Fixture.transcript("Last"))
        }
    }
}
