import GRDB

/// A database connection inside a transaction.
///
/// Statements are prepared once per connection. All functions throw ``StoreError`` only.
struct Connection {
    private let database: GRDB.Database
    /// What the transaction adds to counters, which is written once, at its end.
    let counts: CounterChanges

    init(_ database: GRDB.Database, counts: CounterChanges = CounterChanges()) {
        self.database = database
        self.counts = counts
    }

    /// Number of rows that the last statement changed.
    var changeCount: Int { database.changesCount }

    /// Runs a statement.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws(StoreError) {
        do {
            try database.cachedStatement(sql: sql).execute(arguments: arguments)
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs an `INSERT` and returns the number of the new row.
    func insert(_ sql: String, _ arguments: StatementArguments) throws(StoreError) -> Int64 {
        try run(sql, arguments)
        return database.lastInsertedRowID
    }

    /// Returns the first column of the first row; `nil` if there is no row or its value is `NULL`.
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(
        _ sql: String,
        _ arguments: StatementArguments = [],
        as type: Value.Type = Value.self
    ) throws(StoreError) -> Value? {
        do {
            return try Value.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
        } catch {
            throw StoreError(error)
        }
    }

    /// Returns the first column of all rows.
    func integers(_ sql: String, _ arguments: StatementArguments) throws(StoreError) -> [Int64] {
        do {
            return try Int64.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
        } catch {
            throw StoreError(error)
        }
    }

    /// Returns the first row.
    func first<Value>(
        _ sql: String,
        _ arguments: StatementArguments = [],
        _ read: (Row) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        let row: Row?
        do {
            row = try Row.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
        } catch {
            throw StoreError(error)
        }
        guard let row else { return nil }
        return try read(row)
    }

    /// Returns all rows.
    func all<Value>(
        _ sql: String,
        _ arguments: StatementArguments = [],
        _ read: (Row) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        var values: [Value] = []
        try each(sql, arguments) { row throws(StoreError) in
            values.append(try read(row))
            return true
        }
        return values
    }

    /// Reads rows one by one until `body` returns `false`.
    func each(
        _ sql: String,
        _ arguments: StatementArguments = [],
        _ body: (Row) throws(StoreError) -> Bool
    ) throws(StoreError) {
        do {
            let rows = try Row.fetchCursor(database.cachedStatement(sql: sql), arguments: arguments)
            while let row = try rows.next(), try body(row) {}
        } catch {
            throw StoreError(error)
        }
    }
}
