import Contracts
import ConversationService
import Foundation
import GRDB
import ServiceKit

/// Checks the file with the conversations in the data folder; Parley may be running.
struct DatabaseDiagnosis: Sendable {
    /// Maximum number of rows in a finding.
    private static let rowLimit = 5

    let directory: String

    func findings() -> [Diagnosis.Finding] {
        let file = DatabaseFile.live(in: directory)
        guard file.exists else { return [] }
        do {
            return [try schema(of: file)] + (try previousFiles()) + (try setAside(in: file))
        } catch {
            return [Diagnosis.Finding(isHealthy: false, subject: "the conversations", message: "\(error)")]
        }
    }

    private func schema(of file: DatabaseFile) throws -> Diagnosis.Finding {
        try file.checkVersion()
        let version = try file.version() ?? 0
        var message = "schema version \(version), \(Self.text(bytes: file.size ?? 0))."
        if version < SchemaVersion.current {
            message += " The next start changes it to version \(SchemaVersion.current)."
        }
        return Diagnosis.Finding(isHealthy: true, subject: "the conversations", message: message)
    }

    /// The copies that migrations have kept.
    private func previousFiles() throws -> [Diagnosis.Finding] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted().compactMap { name in
            guard name.hasPrefix("conversation.sqlite"), let version = name.split(separator: ".version-").last,
                version.count < name.count, let number = Int(version)
            else { return nil }
            let path = directory + "/" + name
            return Diagnosis.Finding(
                isHealthy: true,
                subject: "the previous conversations",
                message: """
                    \(path) is the copy with schema version \(number), \
                    \(Self.text(bytes: DatabaseFile(path: path).size ?? 0)). It lacks everything newer. Delete it when \
                    you no longer need a way back to the Parley before the update.
                    """
            )
        }
    }

    /// Rows that could not be read when the service started, and are kept.
    private func setAside(in file: DatabaseFile) throws -> [Diagnosis.Finding] {
        let (rows, count) = try file.setAside(limit: Self.rowLimit)
        guard count > 0 else { return [] }
        let list = rows.map { "\($0.kind) \($0.number) (\($0.reason))" }.joined(separator: "; ")
        let more = count > rows.count ? "; and \(count - rows.count) more" : ""
        let day = rows.map(\.foundAt).min().map { " from before \($0.formatted(.iso8601.year().month().day()))" } ?? ""
        return [
            Diagnosis.Finding(
                isHealthy: false,
                subject: "unreadable rows",
                message: """
                    \(count) cannot be read and are ignored: \(list)\(more). They are kept, and everything else works. To \
                    get them back, stop Parley and restore a backup\(day): parley restore --replace.
                    """
            )
        ]
    }

    private static func text(bytes: UInt64) -> String {
        bytes < 1_000_000 ? "\(bytes / 1000) KB" : "\(bytes / 1_000_000) MB"
    }
}

extension DatabaseFile {
    /// A row that the service could not read.
    struct UnreadableRow: Equatable {
        var kind: String
        var number: Int64
        var reason: String
        var foundAt: Date
    }

    /// Returns the first unreadable rows, and the number of all.
    ///
    /// Throws `InvalidSetting` if the file cannot be read.
    func setAside(limit: Int) throws -> (rows: [UnreadableRow], count: Int) {
        try withReader { database in
            guard try database.tableExists("set_aside") else { return ([], 0) }
            let sql = "SELECT kind, number, reason, found_at FROM set_aside ORDER BY found_at, kind, number LIMIT ?"
            let rows = try Row.fetchAll(database, sql: sql, arguments: [limit]).map { row in
                UnreadableRow(
                    kind: row[0],
                    number: row[1],
                    reason: row[2],
                    foundAt: Date(timeIntervalSince1970: TimeInterval(row[3] as Int64) / 1_000_000)
                )
            }
            return (rows, try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM set_aside") ?? 0)
        }
    }
}
