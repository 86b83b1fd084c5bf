import ConversationService
import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite(.timeLimit(.minutes(5))) struct BackupTests {
    @Test func `a backup contains committed messages while a writer continues, and can be restored`() async throws {
        try await withConversations { directory in
            let file = directory + "/backup.sqlite"
            let writer = try RowWriter(directory: directory)
            try writer.write(300)
            let writing = Task { while !Task.isCancelled { try writer.write(1) } }
            let before = writer.count
            let content = try Backup(directory: directory, file: file).create()
            let after = writer.count
            writing.cancel()
            _ = await writing.result
            #expect((before...after).contains(content.messages))
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let target = directory + "/elsewhere"
            let outcome = try Restore(file: file, directory: target, replaces: false).perform()
            #expect(outcome.content == content)
            #expect(outcome.aside == nil)
            let restored = try DatabaseFile.live(in: target).verify()
            #expect(restored == content)
            let left = try FileManager.default.contentsOfDirectory(atPath: target)
            #expect(Set(left) == ["conversation.sqlite", "conversation.sqlite.lock"])
            // The service opens it.
            try await withService(target) {}
        }
    }

    @Test func `a backup or restore that would lose data is rejected and changes nothing`() async throws {
        try await withConversations { directory in
            let file = directory + "/backup.sqlite"
            let content = try Backup(directory: directory, file: file).create()
            try expectFailure("already exists") { _ = try Backup(directory: directory, file: file).create() }
            try expectFailure("no conversations in") {
                _ = try Backup(directory: directory + "/nowhere", file: file + "2").create()
            }
            try expectFailure("cannot be created") {
                _ = try Backup(directory: directory, file: directory + "/nowhere/backup.sqlite").create()
            }
            try expectFailure("--replace") {
                _ = try Restore(file: file, directory: directory, replaces: false).perform()
            }
            try await withService(directory) {
                try expectFailure("Stop Parley first") {
                    _ = try Restore(file: file, directory: directory, replaces: true).perform()
                }
            }
            #expect(try DatabaseFile.live(in: directory).verify() == content)
            #expect(try leftovers(in: directory).isEmpty)
        }
    }

    @Test func `a damaged backup is rejected`() async throws {
        try await withConversations { directory in
            try RowWriter(directory: directory).write(500)
            let file = directory + "/backup.sqlite"
            _ = try Backup(directory: directory, file: file).create()
            let whole = try Data(contentsOf: URL(filePath: file))
            let bad = directory + "/bad.sqlite"
            for damage in [Data(), Data("hello".utf8), whole.prefix(whole.count / 2), whole.prefix(5000)] {
                try damage.write(to: URL(filePath: bad))
                #expect(throws: InvalidSetting.self) {
                    _ = try Restore(file: bad, directory: directory + "/elsewhere", replaces: true).perform()
                }
            }
            #expect(!DatabaseFile.live(in: directory + "/elsewhere").exists)
        }
    }

    @Test func `replaced conversations are kept in another file`() async throws {
        try await withConversations { directory in
            let file = directory + "/backup.sqlite"
            let old = try Backup(directory: directory, file: file).create()
            let writer = try RowWriter(directory: directory)
            try writer.write(50)
            let restore = Restore(file: file, directory: directory, replaces: true)
            let outcome = try restore.perform()
            #expect(outcome.content == old)
            #expect(try DatabaseFile.live(in: directory).verify() == old)
            let aside = try #require(outcome.aside)
            #expect(try DatabaseFile(path: aside).verify().messages == old.messages + 50)
        }
    }

    private func expectFailure(_ reason: String, _ body: () throws -> Void) throws {
        let fault = #expect(throws: InvalidSetting.self) { try body() }
        #expect(fault?.message.contains(reason) == true, "\(fault?.message ?? "")")
    }

    private func leftovers(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory)
            .filter { $0.contains("partial") || $0.contains("restored") || $0.contains("replaced") }
    }

    /// Creates a data folder with the database of conversation-svc.
    private func withConversations(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            try await withService(directory) {}
            try await body(directory)
        }
    }

    private func withService(_ directory: String, _ body: () throws -> Void) async throws {
        try await runService(directory, body)
        // The store releases the lock on a thread of its own.
        try await eventually("The release of the lock") {
            do {
                try FileLock.acquire(directory + "/conversation.sqlite.lock", refusal: "").release()
                return true
            } catch is InvalidSetting {
                return false
            }
        }
    }

    private func runService(_ directory: String, _ body: () throws -> Void) async throws {
        let settings = Settings(values: [
            "DATA_DIR": directory, "CONVERSATION_PORT": "0", "BUS_TOKEN": "a-secret-of-the-bus-for-the-tests-only",
            "INFERENCE_URL": "http://127.0.0.1:1",
        ])
        let unit = try await ConversationService.unit(settings: settings)
        try await withRunning(unit) { _ in try body() }
    }
}
