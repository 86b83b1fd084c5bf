import ConversationService
import GRDB
import ServiceKit

extension DatabaseFile {
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
        guard version <= SchemaVersion.current else {
            throw InvalidSetting(
                """
                \(path) has schema version \(version), which a newer Parley wrote; this Parley reads versions up to \
                \(SchemaVersion.current). Use the newer Parley, or a backup with version \(SchemaVersion.current) or lower.
                """
            )
        }
    }

    private static func version(of database: Database) throws -> Int? {
        let version = try SchemaVersion.of(database)
        // Versions up to 5 are in a table of migrations and not in the header, which then has no application id.
        let header = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        guard version > 0, header == 0 || application == SchemaVersion.applicationID else { return nil }
        return version
    }
}
