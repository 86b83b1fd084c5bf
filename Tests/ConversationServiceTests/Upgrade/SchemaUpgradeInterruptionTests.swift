import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// A process that ends at any step of an upgrade loses nothing, and the next start completes the upgrade.
@Suite(.timeLimit(.minutes(5)))
struct SchemaUpgradeInterruptionTests {
    /// The steps of an upgrade to a new file.
    static let steps = SchemaUpgrade.Step.allCases.filter { ![.additionsWritten, .additionsCommitted].contains($0) }

    /// Writes a file of a version with branches of branches, or a small one.
    private static func create(_ path: String, version: Int) throws {
        if version < 5 { return try FormerFile.createSmall(at: path, version: version) }
        try FormerFile.create(at: path) { try $0.execute(sql: FormerFile.sample()) }
    }

    @Test(arguments: [3, 5]) func `a kill at any step is followed by a whole upgrade`(version: Int) async throws {
        try await withTemporaryDirectory { folder in
            let (directory, snapshots) = (folder + "/data", folder + "/killed-")
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let path = directory + "/conversation.sqlite"
            try Self.create(path, version: version)
            let former = try FormerFile.rows(of: path)
            var steps: [SchemaUpgrade.Step] = []
            var upgrade = SchemaUpgrade(path: path)
            upgrade.onStep = { step in
                // What a process that is killed now leaves.
                try FileManager.default.copyItem(atPath: directory, toPath: "\(snapshots)\(step)")
                steps.append(step)
            }
            try upgrade.run()
            let expected = Self.steps.filter { version < 5 || $0 != .formerCopied }
            #expect(steps == expected)
            let upgraded = try FormerFile.rows(of: path)
            for step in steps {
                let path = "\(snapshots)\(step)/conversation.sqlite"
                // What opening the database does first.
                if !UpgradeFiles.exists(path) { try Data().write(to: URL(filePath: path)) }
                try SchemaUpgrade(path: path).run()
                #expect(try FormerFile.rows(of: path) == upgraded, "\(step)")
                #expect(try FormerFile.rows(of: path + ".version-\(version)") == former, "\(step)")
                let names = try FileManager.default.contentsOfDirectory(atPath: "\(snapshots)\(step)")
                #expect(names.count == 2, "\(step): \(names)")
            }
        }
    }

    @Test(arguments: steps)
    func `a failure at any step leaves the former file`(failing: SchemaUpgrade.Step) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try Self.create(path, version: 3)
            let former = try FormerFile.rows(of: path)
            var upgrade = SchemaUpgrade(path: path)
            upgrade.onStep = { step in
                if step == failing { throw DatabaseError(resultCode: .SQLITE_FULL) }
            }
            let fault = #expect(throws: Fault.self) { try upgrade.run() }
            #expect(fault?.code == .full)
            let isReplaced = [.formerRenamed, .completed].contains(failing)
            if !isReplaced {
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["conversation.sqlite"])
            }
            #expect(try FormerFile.rows(of: isReplaced ? path + ".version-3" : path) == former)
            try SchemaUpgrade(path: path).run()
            #expect(try FormerFile.rows(of: path)["messages"]?.count == 5)
            #expect(try FormerFile.rows(of: path + ".version-3") == former)
        }
    }

    @Test func `a new file that is not complete is never put in place`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try Self.create(path, version: 5)
            var upgrade = SchemaUpgrade(path: path)
            upgrade.onStep = { step in
                guard step == .indexesCreated else { return }
                try FileManager.default.copyItem(atPath: path + ".upgrade", toPath: directory + "/incomplete")
            }
            try upgrade.run()
            try FileManager.default.removeItem(atPath: path)
            for incomplete in [try Data(contentsOf: URL(filePath: directory + "/incomplete")), Data("x".utf8), Data()] {
                try incomplete.write(to: URL(filePath: path + ".upgrade"))
                let fault = #expect(throws: Fault.self) { try SchemaUpgrade(path: path).run() }
                #expect(fault?.code == .conflict)
                #expect(UpgradeFiles.exists(path + ".version-5"))
                #expect(!UpgradeFiles.exists(path))
            }
        }
    }
}
