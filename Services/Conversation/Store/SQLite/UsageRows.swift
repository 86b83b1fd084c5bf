import Contracts
import GRDB

/// The table `usage` with totals per user, day, key and model.
enum UsageRows {
    private static let sums = """
        SUM(u.requests), SUM(u.prompt_tokens), SUM(u.completion_tokens), SUM(u.estimated_tokens), SUM(u.cost),
        SUM(u.unpriced_requests)
        """
    private static let addition = """
        INSERT INTO usage (user, day, api_key, model, requests, prompt_tokens, completion_tokens, estimated_tokens, cost,
            unpriced_requests)
        VALUES (?,?,?,?,?,?,?,?,?,?)
        ON CONFLICT (user, day, api_key, model) DO UPDATE SET
            requests = requests + excluded.requests,
            prompt_tokens = prompt_tokens + excluded.prompt_tokens,
            completion_tokens = completion_tokens + excluded.completion_tokens,
            estimated_tokens = estimated_tokens + excluded.estimated_tokens,
            cost = CASE WHEN excluded.cost IS NULL THEN cost ELSE COALESCE(cost, 0) + excluded.cost END,
            unpriced_requests = unpriced_requests + excluded.unpriced_requests
        """

    /// Adds to the existing totals.
    static func add(_ entry: Usage.Entry, in database: GRDB.Database) throws {
        let total = entry.total
        try database.cachedStatement(sql: addition).execute(arguments: [
            entry.user, entry.day.number, entry.key?.description ?? "", entry.model, total.requests,
            total.promptTokens, total.completionTokens, total.estimatedTokens, total.cost, total.unpricedRequests,
        ])
    }

    /// Deletes up to `limit` rows older than a day; returns the number of deleted rows.
    static func delete(before day: Day, limit: Int, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(
            sql: """
                DELETE FROM usage WHERE (user, day, api_key, model) IN
                    (SELECT user, day, api_key, model FROM usage WHERE day < ? LIMIT ?)
                """
        )
        try statement.execute(arguments: [day.number, limit])
        return database.changesCount
    }

    /// Returns the total usage of a user or key in a range of days.
    static func sum(
        of subject: Quota.Subject,
        from first: Day,
        before end: Day,
        in database: GRDB.Database
    ) throws -> Usage.Total {
        let (column, value) = subject.column
        let statement = try database.cachedStatement(
            sql: "SELECT \(sums) FROM usage u WHERE u.\(column) = ? AND u.day >= ? AND u.day < ?"
        )
        return try Row.fetchOne(statement, arguments: [value, first.number, end.number])
            .map { read($0, from: 0) } ?? Usage.Total()
    }

    /// Returns up to `limit` lines of usage in a range of days, for one user or all users, grouped as requested.
    static func report(
        _ request: Usage.Report,
        of user: String?,
        limit: Int,
        in database: GRDB.Database
    ) throws -> [Usage.Line] {
        let groups = Usage.Group.allCases.filter(request.groups.contains)
        let columns = Usage.Group.allCases.map { groups.contains($0) ? "u.\($0.column)" : "NULL" }
        let isByKey = groups.contains(.key)
        let sql = """
            SELECT \(columns.joined(separator: ", ")), \(isByKey ? "k.name" : "NULL"), \(sums)
            FROM usage u \(isByKey ? "LEFT JOIN api_keys k ON k.id = u.api_key" : "")
            WHERE u.day BETWEEN ? AND ? \(user == nil ? "" : "AND u.user = ?")
            \(groups.isEmpty ? "" : "GROUP BY \(groups.map { "u.\($0.column)" }.joined(separator: ", "))")
            \(groups.isEmpty ? "" : "ORDER BY \(groups.map { "u.\($0.column)" }.joined(separator: ", "))")
            LIMIT \(limit)
            """
        var arguments: [(any DatabaseValueConvertible)?] = [request.from.number, request.to.number]
        if let user { arguments.append(user) }
        return try Row.fetchAll(database, sql: sql, arguments: StatementArguments(arguments)).map { row in
            let day: Int? = row[0]
            let key: String? = row[2]
            return Usage.Line(
                day: day.map(Day.init(number:)),
                model: row[1],
                key: try key.flatMap { $0.isEmpty ? nil : try ColumnCoding.identifier($0) },
                keyName: row[4],
                user: row[3],
                total: read(row, from: 5)
            )
        }
    }

    private static func read(_ row: Row, from index: Int) -> Usage.Total {
        var total = Usage.Total()
        total.requests = row[index] ?? 0
        total.promptTokens = row[index + 1] ?? 0
        total.completionTokens = row[index + 2] ?? 0
        total.estimatedTokens = row[index + 3] ?? 0
        total.cost = row[index + 4]
        total.unpricedRequests = row[index + 5] ?? 0
        return total
    }
}

extension Usage.Group {
    /// The column of `usage` for the group.
    fileprivate var column: String {
        self == .key ? "api_key" : rawValue
    }
}

extension Quota.Subject {
    /// The column of `usage` and `reservations` for the subject, and its value.
    var column: (name: String, value: String) {
        switch self {
        case .user(let name): ("user", name)
        case .key(let key): ("api_key", key.description)
        }
    }
}
