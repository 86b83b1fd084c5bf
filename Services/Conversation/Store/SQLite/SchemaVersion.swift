import Contracts
package import GRDB

/// The version of a database file's schema, which `PRAGMA user_version` contains.
///
/// Versions 1 to 5 were recorded in a table of GRDB instead.
package enum SchemaVersion {
    /// The version that this program reads and writes.
    package static let current = 7
    /// The value of `PRAGMA application_id`: "Parl".
    package static let applicationID = 0x5061_726C

    /// Returns the version of a file; 0 if it is empty.
    package static func of(_ database: GRDB.Database) throws -> Int {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version == 0, try database.tableExists("grdb_migrations") else { return version }
        let names = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
        return names.compactMap { Int($0.prefix(4)) }.max() ?? 0
    }

    /// Throws a ``Fault`` if a newer program wrote the file.
    static func check(_ version: Int, of path: String) throws(Fault) {
        guard version > current else { return }
        throw Fault(
            .conflict,
            """
            The conversations in \(path) have the format of version \(version), and this Parley reads up to version \
            \(current). Install the newer Parley again, or restore a backup from before the update.
            """
        )
    }
}
