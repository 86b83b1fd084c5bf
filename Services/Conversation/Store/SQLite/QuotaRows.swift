import Contracts
import GRDB

/// The table `quotas`.
enum QuotaRows {
    private static let columns = "period, requests, tokens, cost, concurrent_runs"

    static func find(_ subject: Quota.Subject, in database: GRDB.Database) throws -> Quota? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM quotas WHERE subject = ?")
        return try Row.fetchOne(statement, arguments: [subject.description]).map { row in
            Quota(
                period: try ColumnCoding.enumValue(row[0]),
                requests: row[1],
                tokens: row[2],
                cost: row[3],
                concurrentRuns: row[4]
            )
        }
    }

    /// Stores a quota, replacing an existing one.
    static func set(
        _ quota: Quota,
        for subject: Quota.Subject,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO quotas (subject, \(columns), changed_at) VALUES (?,?,?,?,?,?,?)"
        )
        try statement.execute(arguments: [
            subject.description, quota.period.rawValue, quota.requests, quota.tokens, quota.cost, quota.concurrentRuns,
            moment.microseconds,
        ])
    }

    static func delete(_ subject: Quota.Subject, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "DELETE FROM quotas WHERE subject = ?")
            .execute(arguments: [subject.description])
    }

    /// Returns the users and keys that have a quota.
    static func subjects(in database: GRDB.Database) throws -> Set<Quota.Subject> {
        try String.fetchAll(database, sql: "SELECT subject FROM quotas").reduce(into: []) { subjects, text in
            guard let subject = Quota.Subject(text) else {
                throw Fault(.internal, "The database contains an invalid quota subject: \(text.prefix(40))")
            }
            subjects.insert(subject)
        }
    }
}
