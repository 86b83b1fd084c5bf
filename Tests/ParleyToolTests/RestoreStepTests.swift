import ConversationService
import Foundation
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import ParleyTool

/// A restore that fails at every possible step.
@Suite(.timeLimit(.minutes(5))) struct RestoreStepTests {
    private struct InjectedFailure: Error {}

    /// How a step fails.
    enum Failure: CaseIterable {
        /// The operation fails, and the restore can undo what it did before.
        case error
        /// Nothing works from this operation on, as after the end of the process.
        case crash
    }

    /// What the database consists of when the restore begins.
    enum Log: CaseIterable {
        /// Committed messages are only in the write-ahead log, which can be merged.
        case mergeable
        /// The write-ahead log cannot be merged, because another process reads the database.
        case inUse
    }

    @Test(arguments: Failure.allCases, Log.allCases)
    func `the previous conversations are complete after a failure at any step`(failure: Failure, log: Log) async throws
    {
        try await withFiles { backup, source in
            var step = 0
            while true {
                let folder = source.directory + "/try-\(failure)-\(log)-\(step)"
                let reader = try source.copy(to: folder, log: log)
                let isComplete = try attempt(failure, at: step, backup: backup, folder: folder, rows: source.rows)
                withExtendedLifetime(reader) {}
                if isComplete { break }
                step += 1
            }
            // Link, sync, two removals and a renaming at least.
            #expect(step >= 5)
        }
    }

    /// Restores with a failure at a step, and then without; returns whether there was no such step.
    private func attempt(
        _ failure: Failure,
        at step: Int,
        backup: Backup,
        folder: String,
        rows: Int
    ) throws -> Bool {
        let count = Mutex(0)
        let files = FileOperations { operation in
            let index = count.withLock { count in
                count += 1
                return count - 1
            }
            let fails = failure == .error ? index == step : index >= step
            if fails { throw InjectedFailure() }
            try FileOperations.system.perform(operation)
        }
        let restored = try DatabaseFile(path: backup.file).verify()
        do {
            _ = try Restore(file: backup.file, directory: folder, replaces: true, files: files).perform()
            #expect(count.withLock { $0 } == step)
            return true
        } catch {
            #expect(try completeCopies(in: folder, rows: rows) >= 1, "\(failure) at step \(step): \(error)")
        }
        let outcome = try Restore(file: backup.file, directory: folder, replaces: true).perform()
        #expect(outcome.content == restored)
        #expect(try DatabaseFile.live(in: folder).verify() == restored)
        #expect(try completeCopies(in: folder, rows: rows) >= 1, "\(failure) at step \(step), second try")
        return false
    }

    /// The number of databases in a folder, in place or beside it, that contain all previous messages.
    private func completeCopies(in folder: String, rows: Int) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter {
                $0 == "conversation.sqlite"
                    || ($0.contains(".replaced-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm"))
            }
            .filter { name in
                // A copy, because reading may merge the log.
                let copy = folder + "/check/" + name
                try FileManager.default.createDirectory(atPath: folder + "/check", withIntermediateDirectories: true)
                defer { for part in ["", "-wal", "-shm"] { unlink(copy + part) } }
                for part in ["", "-wal"] where FileManager.default.fileExists(atPath: "\(folder)/\(name)\(part)") {
                    try FileManager.default.copyItem(atPath: "\(folder)/\(name)\(part)", toPath: copy + part)
                }
                return try DatabaseFile(path: copy).verify().messages == rows
            }.count
    }

    /// A database of which some messages are only in the write-ahead log.
    private struct Source {
        let directory: String
        let rows: Int

        /// Copies the files as a crash would leave them; returns a reader that keeps the log from being merged.
        func copy(to folder: String, log: Log) throws -> RowReader? {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for part in ["", "-wal"] {
                let name = "/conversation.sqlite" + part
                try FileManager.default.copyItem(atPath: directory + name, toPath: folder + name)
            }
            return log == .inUse ? try RowReader(directory: folder) : nil
        }
    }

    /// Creates a backup with fewer messages than the database.
    private func withFiles(_ body: (Backup, Source) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let settings = Settings(values: [
                "DATA_DIR": directory, "CONVERSATION_PORT": "0", "BUS_TOKEN": "a-secret-of-the-bus-for-the-tests-only",
                "INFERENCE_URL": "http://127.0.0.1:1",
            ])
            try await withRunning(try await ConversationService.unit(settings: settings)) { _ in }
            let writer = try RowWriter(directory: directory)
            try writer.write(20)
            let backup = Backup(directory: directory, file: directory + "/backup.sqlite")
            _ = try backup.create()
            try writer.write(30)
            try await body(backup, Source(directory: directory, rows: writer.count))
        }
    }
}
