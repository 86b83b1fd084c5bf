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
    static func add(_ entry: Usage.Entry, _ connection: Connection) throws(StoreError) {
        let total = entry.total
        try connection.run(
            addition,
            [
                entry.user, entry.day.number, entry.key?.description ?? "", entry.model, total.requests,
                total.promptTokens, total.completionTokens, total.estimatedTokens, total.cost, total.unpricedRequests,
            ]
        )
    }

    /// Deletes up to `limit` rows older than a day; returns the number of deleted rows.
    static func delete(before day: Day, limit: Int, _ connection: Connection) throws(StoreError) -> Int {
        try connection.run(
            """
            DELETE FROM usage WHERE (user, day, api_key, model) IN
                (SELECT user, day, api_key, model FROM usage WHERE day < ? LIMIT ?)
            """,
            [day.number, limit]
        )
        return connection.changeCount
    }

    /// Returns the total usage of a user or key in a range of days.
    static func sum(
        of subject: Quota.Subject,
        from first: Day,
        before end: Day,
        _ connection: Connection
    ) throws(StoreError) -> Usage.Total {
        let (column, value) = subject.column
        let total = try connection.first(
            "SELECT \(sums) FROM usage u WHERE u.\(column) = ? AND u.day >= ? AND u.day < ?",
            [value, first.number, end.number]
        ) { row in read(row, from: 0) }
        return total ?? Usage.Total()
    }

    /// Returns up to `limit` lines of usage in a range of days, for one user or all users, grouped as requested.
    static func report(
        _ request: Usage.Report,
        of user: String?,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> [Usage.Line] {
        let groups = Usage.Group.allCases.filter(request.groups.contains)
        let columns = Usage.Group.allCases.map { groups.contains($0) ? "u.\($0.column)" : "NULL" }
        let isByKey = groups.contains(.key)
        let sql = """
            SELECT \(columns.joined(separator: ", ")), \(isByKey ? "k.name" : "NULL"), \(sums)
            FROM usage u \(isByKey ? "LEFT JOIN api_keys k ON k.id = u.api_key" : "")
            WHERE u.day BETWEEN ? AND ? \(user == nil ? "" : "AND u.user = ?")
            \(groups.isEmpty ? "" : "GROUP BY \(groups.map { "u.\($0.column)" }.joined(separator: ", "))")
            \(groups.isEmpty ? "" : "ORDER BY \(groups.map { "u.\($0.column)" }.joined(separator: ", "))")
            LIMIT ?
            """
        var arguments: [(any DatabaseValueConvertible)?] = [request.from.number, request.to.number]
        if let user { arguments.append(user) }
        arguments.append(limit)
        return try connection.all(sql, StatementArguments(arguments), line)
    }

    private static func line(_ row: Row) throws(StoreError) -> Usage.Line {
        let day: Int? = row[0]
        let key: String? = row[2]
        var line = Usage.Line(
            day: day.map(Day.init(number:)),
            model: row[1],
            keyName: row[4],
            user: row[3],
            total: read(row, from: 5)
        )
        if let key, !key.isEmpty { line.key = try ColumnCoding.identifier(key) }
        return line
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
