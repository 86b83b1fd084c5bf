import Contracts
import GRDB
import Logging

/// Adds what version 7 adds to a database file of version 6.
///
/// Existing rows are not rewritten, so the file is changed in place, in one transaction: a process that ends before the
/// commit leaves version 6.
enum SchemaAdditions {
    /// The version to which the additions apply.
    static let version = 6

    /// Throws a ``Fault`` if another process holds a lock of the file for longer than `lockTimeout`, in seconds.
    static func apply(
        to path: String,
        lockTimeout: Double,
        onStep: (SchemaUpgrade.Step) throws -> Void
    ) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(lockTimeout)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        do {
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try database.inTransaction(.immediate) {
                    try database.execute(sql: Schema.additions)
                    try Schema.setVersion(in: database)
                    try onStep(.additionsWritten)
                    return .commit
                }
            }
        } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) {
            throw Fault(
                .conflict,
                """
                The conversations in \(path) must be extended, but another program has the file locked. Wait for it to \
                end, and start again.
                """
            )
        }
        try onStep(.additionsCommitted)
        try queue.close()
        Logger.current.notice(
            "The format of the conversations was extended; earlier versions of Parley cannot read them",
            metadata: ["version": "\(version)", "version.new": "\(SchemaVersion.current)", "file": "\(path)"]
        )
    }
}

extension Schema {
    /// What version 7 adds to version 6; see ``SchemaAdditions``.
    static let additions = """
        ALTER TABLE personas ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
        ALTER TABLE personas ADD COLUMN tools TEXT NOT NULL DEFAULT '[]';
        ALTER TABLE personas ADD COLUMN prompt_form TEXT NOT NULL DEFAULT 'messages';
        UPDATE personas SET status = 'unlisted' WHERE NOT is_active;
        ALTER TABLE conversations ADD COLUMN read_at INTEGER;
        \(creationIndex)
        \(memories)
        \(memoryIndexes)
        """
}
