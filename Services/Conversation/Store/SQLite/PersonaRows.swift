import Contracts
import Foundation
import GRDB

/// A stored persona with the parts that only conversation-svc uses.
struct StoredPersona: Sendable, Equatable {
    var persona: Persona
    /// The main part of the system prompt.
    var instructions: String
    /// Character traits, such as `energy`: `high`.
    var traits: [String: String]
}

/// The table `personas`.
enum PersonaRows {
    private static let columns = """
        id, name, display_name, avatar_url, description, category, instructions, traits, greeting,
        suggested_messages, created_at
        """

    /// Inserts a persona; inactive personas are not listed.
    static func insert(_ stored: StoredPersona, isActive: Bool = true, in database: GRDB.Database) throws {
        let persona = stored.persona
        let statement = try database.cachedStatement(
            sql: "INSERT INTO personas (\(columns), is_active, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
        )
        try statement.execute(arguments: [
            persona.id.description, persona.name, persona.displayName, persona.avatarURL, persona.description,
            persona.category, stored.instructions, try ColumnCoding.encode(stored.traits), persona.greeting,
            try ColumnCoding.encode(persona.suggestedMessages), persona.createdAt.microseconds, isActive,
            persona.createdAt.microseconds,
        ])
    }

    static func find(_ id: Persona.ID, in database: GRDB.Database) throws -> StoredPersona? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM personas WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.description]).map(read)
    }

    /// Returns a page of the active personas, newest first.
    static func list(limit: Int, offset: Int, in database: GRDB.Database) throws -> Page<Persona> {
        let sql = "SELECT \(columns) FROM personas WHERE is_active ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
        let rows = try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [limit, offset])
        return Page(items: try rows.map { try read($0).persona }, total: try count(in: database))
    }

    static func count(in database: GRDB.Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM personas WHERE is_active") ?? 0
    }

    static func conversationCount(of id: Persona.ID, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT COUNT(*) FROM conversations WHERE persona = ?")
        return try Int.fetchOne(statement, arguments: [id.description]) ?? 0
    }

    private static func read(_ row: Row) throws -> StoredPersona {
        StoredPersona(
            persona: Persona(
                id: try ColumnCoding.identifier(row[0]),
                name: row[1],
                displayName: row[2],
                avatarURL: row[3],
                description: row[4],
                category: row[5],
                greeting: row[8],
                suggestedMessages: try ColumnCoding.decode([String].self, row[9]),
                createdAt: Timestamp(microseconds: row[10])
            ),
            instructions: row[6],
            traits: try ColumnCoding.decode([String: String].self, row[7])
        )
    }
}
