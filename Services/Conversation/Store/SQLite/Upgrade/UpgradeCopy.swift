import Contracts
import GRDB
import Logging

/// Copies the rows of a file of version 5 to an empty file, with the current ``Schema`` but without its version.
///
/// The new file has no journal and is not synced: a process that ends leaves a file of no use. What cannot be resolved is
/// copied as far as possible and recorded in `set_aside`.
struct UpgradeCopy {
    /// Maximum number of rows per statement, which determines how often progress is logged.
    private static let rangeSize: Int64 = 20_000
    /// Maximum number of conversations whose paths are copied by one statement.
    private static let pathRangeSize: Int64 = 2000
    /// Size of the page caches, in KiB.
    private static let cacheSize = 65_536

    let former: String
    let target: String

    func perform(onStep: (SchemaUpgrade.Step) throws -> Void) throws {
        var configuration = Configuration()
        // The former file enforced its references on every write.
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: target, configuration: configuration)
        try queue.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
                    PRAGMA cache_size = -\(Self.cacheSize)
                    """
            )
            try database.execute(sql: "ATTACH DATABASE ? AS former", arguments: [former])
            try database.execute(sql: "PRAGMA former.cache_size = -\(Self.cacheSize)")
            try Schema.createTables(in: database)
            try onStep(.tablesCreated)
            try copyRows(in: database)
            try onStep(.rowsCopied)
            Logger.current.notice("Creating the indexes of the upgraded conversations")
            try database.execute(sql: Schema.indexes)
        }
        try queue.close()
    }

    private func copyRows(in database: GRDB.Database) throws {
        var progress = UpgradeProgress(total: try Self.rowCount(in: database))
        try database.execute(sql: UpgradeStatements.smallTables)
        let found = Timestamp.now().microseconds
        try copy("conversations", Self.rangeSize, UpgradeStatements.conversations, found, &progress, in: database)
        try copy("conversations", Self.pathRangeSize, UpgradeStatements.rootPaths, found, &progress, in: database)
        try database.inTransaction {
            try UpgradeForks(database: database).copy()
            return .commit
        }
        try database.execute(sql: UpgradeStatements.answers)
        try copy("messages", Self.rangeSize, UpgradeStatements.messages, found, &progress, in: database)
        try copy("runs", Self.rangeSize, UpgradeStatements.runs, found, &progress, in: database)
        try copy("run_events", Self.rangeSize, UpgradeStatements.runEvents, found, &progress, in: database)
        try UpgradeRegenerations(database: database).copy()
        try database.execute(sql: UpgradeStatements.counters)
    }

    /// Runs statements for all rows of a table of the former file, in ranges of row numbers.
    ///
    /// The statements have the parameters `:first` and `:last`; those for `set_aside` have `:found`, too.
    private func copy(
        _ table: String,
        _ rangeSize: Int64,
        _ statements: [String],
        _ found: Int64,
        _ progress: inout UpgradeProgress,
        in database: GRDB.Database
    ) throws {
        let prepared = try statements.map { try database.makeStatement(sql: $0) }
        let next = try database.makeStatement(sql: "SELECT MIN(number) FROM former.\(table) WHERE number > ?")
        var last: Int64 = .min
        // From row to row, because deleted rows may leave large gaps.
        while let first = try Int64?.fetchOne(next, arguments: [last]) ?? nil {
            last = first + min(rangeSize - 1, Int64.max - first)
            var arguments = ["first": first, "last": last]
            for (index, statement) in prepared.enumerated() {
                arguments["found"] = statements[index].contains(":found") ? found : nil
                try statement.execute(arguments: StatementArguments(arguments))
                if index == 0 { progress.add(database.changesCount) }
            }
        }
    }

    /// Returns an upper bound of the number of rows that are counted as progress.
    private static func rowCount(in database: GRDB.Database) throws -> Int {
        let sql = """
            SELECT (SELECT COUNT(*) FROM former.conversations) + 2 * (SELECT COUNT(*) FROM former.messages)
                + (SELECT COUNT(*) FROM former.runs) + (SELECT COUNT(*) FROM former.run_events)
            """
        return try Int.fetchOne(database, sql: sql) ?? 0
    }
}
