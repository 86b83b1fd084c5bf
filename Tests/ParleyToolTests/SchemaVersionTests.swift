import ConversationService
import Foundation
import GRDB
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

/// Files of newer and older versions of Parley, and what `parley doctor` reports of them.
@Suite(.timeLimit(.minutes(5))) struct SchemaVersionTests {
    private static let current = SchemaVersion.current

    @Test func `a backup of a newer Parley is not restored, and both versions are named`() async throws {
        try await withFile(version: Self.current + 1) { directory, file in
            try expectFailure(["version \(Self.current + 1)", "up to \(Self.current)", "Use the newer Parley"]) {
                _ = try Restore(file: file, directory: directory + "/elsewhere", replaces: true).perform()
            }
            #expect(!FileManager.default.fileExists(atPath: directory + "/elsewhere"))
        }
    }

    @Test func `the conversations of a newer Parley are not backed up, and both versions are named`() async throws {
        try await withFile(version: Self.current + 1) { directory, file in
            let before = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            try expectFailure(["version \(Self.current + 1)", "up to \(Self.current)", "Use the newer Parley"]) {
                _ = try Backup(directory: directory, file: directory + "/backup.sqlite").create()
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == before)
        }
    }

    @Test func `files of earlier versions and of this one are accepted`() async throws {
        for migration in ["0001 conversations, messages and runs", "0005 conversations that were held elsewhere"] {
            try await withFile(migration: migration) { directory, file in
                #expect(try DatabaseFile(path: file).version() == Int(migration.prefix(4)))
                _ = try Restore(file: file, directory: directory + "/elsewhere", replaces: false).perform()
            }
        }
        try await withFile(version: Self.current) { directory, file in
            _ = try Restore(file: file, directory: directory + "/elsewhere", replaces: false).perform()
            #expect(try DatabaseFile.live(in: directory + "/elsewhere").version() == Self.current)
        }
    }

    @Test func `the version of a later migration counts without the version in the header`() async throws {
        try await withFile(migration: "000\(Self.current + 1) from the future") { directory, file in
            try expectFailure(["version \(Self.current + 1)"]) {
                _ = try Restore(file: file, directory: directory + "/elsewhere", replaces: true).perform()
            }
        }
    }

    @Test func `a file of another program is not Parley's, whatever its version`() async throws {
        try await withFile(version: 3, application: 1) { directory, file in
            try expectFailure(["not a database of Parley's conversations"]) {
                _ = try Restore(file: file, directory: directory + "/elsewhere", replaces: true).perform()
            }
        }
    }

    @Test func `doctor reports the version, and refuses a newer one`() async throws {
        try await withFile(version: Self.current) { directory, _ in
            let finding = try #require(DatabaseDiagnosis(directory: directory).findings().first)
            #expect(finding.isHealthy && finding.message.contains("schema version \(Self.current)"))
        }
        try await withFile(migration: "0005 conversations that were held elsewhere") { directory, _ in
            let finding = try #require(DatabaseDiagnosis(directory: directory).findings().first)
            #expect(finding.isHealthy && finding.message.contains("schema version 5"))
            #expect(finding.message.contains("The next start changes it to version \(Self.current)."))
        }
        try await withFile(version: Self.current + 1) { directory, _ in
            let finding = try #require(DatabaseDiagnosis(directory: directory).findings().first)
            #expect(!finding.isHealthy && finding.message.contains("Use the newer Parley"))
        }
        try await withTemporaryDirectory { #expect(DatabaseDiagnosis(directory: $0).findings().isEmpty) }
    }

    @Test func `doctor reports the copy that a migration kept`() async throws {
        try await withFile(version: Self.current) { directory, file in
            for name in ["conversation.sqlite.version-5", "conversation.sqlite.version-", "other.version-5"] {
                try FileManager.default.copyItem(atPath: file, toPath: directory + "/" + name)
            }
            let findings = DatabaseDiagnosis(directory: directory).findings()
            #expect(findings.count == 2)
            let finding = try #require(findings.last)
            #expect(finding.isHealthy && finding.message.contains("/conversation.sqlite.version-5 is the copy"))
            #expect(finding.message.contains(" KB") && finding.message.contains("Delete it"))
        }
    }

    @Test func `doctor reports rows that were set aside`() async throws {
        try await withFile(version: Self.current) { directory, file in
            let queue = try DatabaseQueue(path: file)
            try queue.write { database in
                try database.execute(
                    sql: "CREATE TABLE set_aside (kind TEXT, number INTEGER, reason TEXT, found_at INTEGER)"
                )
            }
            #expect(DatabaseDiagnosis(directory: directory).findings().count == 1)
            try queue.write { database in
                for number in 1...7 {
                    try database.execute(
                        sql: "INSERT INTO set_aside VALUES ('run', ?, 'its status is unknown', 1795248000000000)",
                        arguments: [number]
                    )
                }
            }
            let finding = try #require(DatabaseDiagnosis(directory: directory).findings().last)
            #expect(!finding.isHealthy)
            #expect(finding.message.contains("7 cannot be read"))
            #expect(finding.message.contains("run 1 (its status is unknown)"))
            #expect(finding.message.contains("run 5 ") && !finding.message.contains("run 6 "))
            #expect(finding.message.contains("and 2 more"))
            #expect(finding.message.contains("restore a backup from before 2026-11-21"))
        }
    }

    private func expectFailure(_ reasons: [String], _ body: () throws -> Void) throws {
        let fault = #expect(throws: InvalidSetting.self) { try body() }
        for reason in reasons { #expect(fault?.message.contains(reason) == true, "\(fault?.message ?? "")") }
    }

    /// Creates the live file of a data folder, with the parts of the schema that the tool reads.
    private func withFile(
        version: Int = 0,
        application: Int = SchemaVersion.applicationID,
        migration: String? = nil,
        _ body: (String, String) throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory + "/conversation.sqlite"
            let queue = try DatabaseQueue(path: file)
            try queue.write { database in
                try database.execute(
                    sql: """
                        CREATE TABLE conversations (number INTEGER PRIMARY KEY);
                        CREATE TABLE messages (number INTEGER PRIMARY KEY);
                        """
                )
                if let migration {
                    try database.execute(
                        sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)"
                    )
                    try database.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [migration])
                }
            }
            guard version > 0 else { return try body(directory, file) }
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA user_version = \(version)")
                try database.execute(sql: "PRAGMA application_id = \(application)")
            }
            try body(directory, file)
        }
    }
}
