import GRDB
import ServiceKit

extension DatabaseFile {
    /// The newest schema version that this Parley reads.
    static let currentVersion = 6
    /// SQLite's `application_id` of a file of Parley since schema version 6: "Parl".
    static let applicationID = 0x5061_726C

    /// The schema version; `nil` if the file is not a database of Parley's conversations.
    ///
    /// Throws `InvalidSetting` if it cannot be read.
    func version() throws -> Int? {
        try withReader(Self.version)
    }

    /// Throws `InvalidSetting` if a newer Parley wrote the file.
    func checkVersion() throws {
        try withReader(checkVersion)
    }

    func checkVersion(_ database: Database) throws {
        guard let version = try Self.version(of: database) else {
            throw InvalidSetting("\(path) is not a database of Parley's conversations.")
        }
        guard version <= Self.currentVersion else {
            throw InvalidSetting(
                """
                \(path) has schema version \(version), which a newer Parley wrote; this Parley reads versions up to \
                \(Self.currentVersion). Use the newer Parley, or a backup with version \(Self.currentVersion) or lower.
                """
            )
        }
    }

    private static func version(of database: Database) throws -> Int? {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version == 0 else {
            let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
            return application == applicationID ? version : nil
        }
        // Versions up to 5 are the numbers of the migrations: "0005 …".
        guard try database.tableExists("grdb_migrations") else { return nil }
        let identifiers = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
        return identifiers.compactMap { Int($0.prefix { $0 != " " }) }.max()
    }
}
