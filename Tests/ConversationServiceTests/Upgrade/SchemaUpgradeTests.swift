import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// A file of a former version is replaced by a new one with the same content, and is kept.
@Suite(.timeLimit(.minutes(5)))
struct SchemaUpgradeTests {
    @Test(arguments: [1, 2, 3, 4, 5]) func `files of all former versions are upgraded`(version: Int) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try FormerFile.createSmall(at: path, version: version)
            let before = try FormerFile.rows(of: path)
            try SchemaUpgrade(path: path).run()
            let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(names == ["conversation.sqlite", "conversation.sqlite.version-\(version)"])
            #expect(try FormerFile.rows(of: path + ".version-\(version)") == before)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let rows = try FormerFile.rows(of: path)
            #expect(rows["conversations"] == ["7,'c','alice','p',0,1,2,3,7,0,1,5,5,0,NULL"])
            #expect(rows["paths"] == ["7,7,NULL,0,0"])
            #expect(rows["path_messages"] == ["7,0,1", "7,1,2", "7,2,3", "7,3,4", "7,4,9"])
            #expect(
                rows["messages"] == [
                    "1,'m1',7,7,0,-7,0,'assistant','completed',NULL,NULL,2,1",
                    "2,'m2',7,7,1,1,0,'user','completed','r1',NULL,3,2",
                    "3,'m3',7,7,2,2,0,'assistant','completed','r1',NULL,4,3",
                    "4,'m4',7,7,3,3,0,'user','completed','r2',NULL,3,4",
                    "9,'m5',7,7,4,4,0,'assistant','completed','r2',NULL,7,5",
                ]
            )
            let contents = rows["contents"]?.map { $0.split(separator: ",").dropFirst(2).first }
            #expect(contents == ["'Hi'", "'One'", "'uno'", "'Two'", "'düe'"])
            #expect(rows["contents"]?.last == "9,'text','düe',NULL,NULL,NULL,NULL,NULL,NULL,'2 2'")
            #expect(rows["set_aside"] == [])
            #expect(rows["counters"] == ["'conversations with p',1", "'conversations',1", "'messages',5"])
        }
    }

    @Test func `an upgraded file has the schema of a new one and is intact`() async throws {
        try await withTemporaryDirectory { directory in
            let (path, new) = (directory + "/conversation.sqlite", directory + "/new.sqlite")
            try FormerFile.create(at: path) { try $0.execute(sql: FormerFile.sample()) }
            try SchemaUpgrade(path: path).run()
            try DatabaseQueue(path: new).write { try Schema.create(in: $0) }
            func schema(_ path: String) throws -> [String] {
                try DatabaseQueue(path: path).read {
                    #expect(try String.fetchAll($0, sql: "PRAGMA integrity_check") == ["ok"])
                    #expect(try Row.fetchAll($0, sql: "PRAGMA foreign_key_check").isEmpty)
                    let statements = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
                    return try String.fetchAll($0, sql: statements)
                        + String.fetchAll($0, sql: "SELECT user_version FROM pragma_user_version")
                        + String.fetchAll($0, sql: "SELECT application_id FROM pragma_application_id")
                }
            }
            #expect(try schema(path) == schema(new))
        }
    }

    @Test func `the tables without conversations are copied unchanged`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try FormerFile.create(at: path) { database in
                try database.execute(sql: FormerFile.sample())
                try database.execute(
                    sql: """
                        INSERT INTO usage_batches VALUES ('b', 4);
                        INSERT INTO run_events VALUES (5, 'r', 2, x'7b7d0a'), (900000000000, 'r', 3, x'7b7d0a');
                        """
                )
            }
            let before = try FormerFile.rows(of: path)
            try SchemaUpgrade(path: path).run()
            let after = try FormerFile.rows(of: path)
            let statuses = ["'active','[]','messages'", "'unlisted','[]','messages'"]
            #expect(after["personas"] == before["personas"].map { zip($0, statuses).map { "\($0),\($1)" } })
            for table in ["api_keys", "usage", "usage_batches", "quotas", "reservations", "run_events"] {
                #expect(after[table] == before[table])
                #expect(after[table]?.isEmpty == false, "\(table)")
            }
            #expect(after["request_keys"]?.count == before["request_keys"]?.count)
            #expect(after["conversation_instructions"] == ["2,'Be brief.'"])
        }
    }

    @Test func `a file of a newer version is refused and not changed`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            let newer = SchemaVersion.current + 1
            try DatabaseQueue(path: path).writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA user_version = \(newer)")
            }
            let before = try Data(contentsOf: URL(filePath: path))
            let fault = #expect(throws: Fault.self) { try SchemaUpgrade(path: path).run() }
            #expect(fault?.code == .conflict)
            #expect(fault?.message.contains("version \(newer)") == true)
            #expect(fault?.message.contains("version \(SchemaVersion.current)") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test(arguments: [3, 5]) func `an upgrade for which there is no space is refused`(version: Int) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try FormerFile.createSmall(at: path, version: version)
            let size = UpgradeFiles.size(path) + UpgradeFiles.size(path + "-wal")
            var upgrade = SchemaUpgrade(path: path)
            upgrade.freeBytes = { _ in size + size / 4 }
            let fault = #expect(throws: Fault.self) { try upgrade.run() }
            #expect(fault?.code == .full)
            #expect(fault?.message.contains("needs 1 MiB of free space; it has 0 MiB") == true)
            #expect(fault?.message.contains(directory) == true)
            #expect(UpgradeFiles.size(path) + UpgradeFiles.size(path + "-wal") == size)
            #expect(!UpgradeFiles.exists(path + ".upgrade"))
            upgrade.freeBytes = { _ in size * 3 }
            try upgrade.run()
            #expect(try FormerFile.rows(of: path)["messages"]?.count == 5)
        }
    }

    @Test func `a file that another program reads is not upgraded`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try FormerFile.createSmall(at: path, version: 5)
            let reader = try DatabaseQueue(path: path)
            let count = "SELECT COUNT(*) FROM messages"
            #expect(try reader.read { try Int.fetchOne($0, sql: count) } == 5)
            var upgrade = SchemaUpgrade(path: path)
            upgrade.lockTimeout = 0.1
            let fault = #expect(throws: Fault.self) { try upgrade.run() }
            #expect(fault?.code == .conflict)
            #expect(try reader.read { try Int.fetchOne($0, sql: count) } == 5)
            try reader.close()
            try upgrade.run()
            #expect(try FormerFile.rows(of: path)["messages"]?.count == 5)
        }
    }

    @Test func `current and empty files are left alone`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try SchemaUpgrade(path: path).run()
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            try SchemaUpgrade(path: path).run()
            #expect(UpgradeFiles.size(path) == 0)
            try DatabaseQueue(path: path).write { try Schema.create(in: $0) }
            let before = try Data(contentsOf: URL(filePath: path))
            try SchemaUpgrade(path: path).run()
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["conversation.sqlite"])
        }
    }

    @Test func `a former file that is missing is not replaced by an empty one`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try FormerFile.createSmall(at: path, version: 5)
            try SchemaUpgrade(path: path).run()
            try FileManager.default.removeItem(atPath: path)
            let fault = #expect(throws: Fault.self) { _ = try Database.open(at: path) }
            #expect(fault?.code == .conflict)
            #expect(fault?.message.contains(path + ".version-5") == true)
            // The way back.
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: path + ".version-5", toPath: path)
            try SchemaUpgrade(path: path).run()
            #expect(try FormerFile.rows(of: path)["messages"]?.count == 5)
        }
    }

    @Test func `the file of an earlier upgrade is never overwritten`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            for suffix in ["", "-2", "-3"] {
                if suffix.isEmpty { try Data("first".utf8).write(to: URL(filePath: path + ".version-5")) }
                try FormerFile.createSmall(at: path, version: 5)
                try SchemaUpgrade(path: path).run()
                try FileManager.default.removeItem(atPath: path)
            }
            #expect(try Data(contentsOf: URL(filePath: path + ".version-5")) == Data("first".utf8))
            #expect(try FormerFile.rows(of: path + ".version-5-2")["messages"]?.count == 5)
            #expect(try FormerFile.rows(of: path + ".version-5-4")["messages"]?.count == 5)
        }
    }
}
