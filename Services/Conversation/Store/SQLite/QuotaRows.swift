import Contracts
import GRDB

/// The table `quotas`.
enum QuotaRows {
    private static let columns = "period, requests, tokens, cost, concurrent_runs"

    /// Returns whether anybody has a quota, without reading one.
    static func exist(_ connection: Connection) throws(StoreError) -> Bool {
        try connection.value("SELECT EXISTS (SELECT 1 FROM quotas)") ?? false
    }

    static func find(_ subject: Quota.Subject, _ connection: Connection) throws(StoreError) -> Quota? {
        try connection.first("SELECT \(columns) FROM quotas WHERE subject = ?", [subject.description]) {
            row throws(StoreError) in
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
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run(
            "INSERT OR REPLACE INTO quotas (subject, \(columns), changed_at) VALUES (?,?,?,?,?,?,?)",
            [
                subject.description, quota.period.rawValue, quota.requests, quota.tokens, quota.cost,
                quota.concurrentRuns, moment.microseconds,
            ]
        )
    }

    static func delete(_ subject: Quota.Subject, _ connection: Connection) throws(StoreError) {
        try connection.run("DELETE FROM quotas WHERE subject = ?", [subject.description])
    }

    /// Returns the users and keys that have a quota.
    static func subjects(_ connection: Connection) throws(StoreError) -> Set<Quota.Subject> {
        var subjects: Set<Quota.Subject> = []
        try connection.each("SELECT subject FROM quotas") { row throws(StoreError) in
            let text: String = row[0]
            guard let subject = Quota.Subject(text) else {
                throw .unreadable("the subject of a quota is invalid: \(text.prefix(40))")
            }
            subjects.insert(subject)
            return true
        }
        return subjects
    }
}
