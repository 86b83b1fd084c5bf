import GRDB
import Logging

/// Adds what version 7 adds to a database file of version 6.
///
/// Existing rows are not rewritten, so the file is changed in place, in one transaction: a process that ends before the
/// commit leaves version 6.
enum SchemaAdditions {
    /// The version to which the additions apply.
    static let version = 6

    static func apply(to path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.inTransaction(.immediate) {
                try database.execute(sql: Schema.additions)
                try Schema.setVersion(in: database)
                return .commit
            }
        }
        try queue.close()
        Logger.current.notice(
            "The format of the conversations was extended; earlier versions of Parley cannot read them",
            metadata: ["version": "\(version)", "version.new": "\(SchemaVersion.current)", "file": "\(path)"]
        )
    }
}
