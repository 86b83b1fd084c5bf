import Contracts
import GRDB

/// The table `personas`.
enum PersonaRows {
    private static let columns = """
        id, name, display_name, avatar_url, description, category, instructions, traits, greeting,
        suggested_messages, created_at, status, tools, prompt_form
        """

    static func insert(_ stored: StoredPersona, _ connection: Connection) throws(StoreError) {
        let persona = stored.persona
        try connection.run(
            "INSERT INTO personas (\(columns), is_active, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                persona.id.description, persona.name, persona.displayName, persona.avatarURL, persona.description,
                persona.category, stored.instructions, stored.traits.text, persona.greeting,
                try ColumnCoding.encode(persona.suggestedMessages), persona.createdAt.microseconds,
                persona.status.rawValue, try ColumnCoding.encode(persona.tools), stored.promptForm.rawValue,
                persona.status.isListed, persona.createdAt.microseconds,
            ]
        )
    }

    static func update(_ stored: StoredPersona, at moment: Timestamp, _ connection: Connection) throws(StoreError) {
        let persona = stored.persona
        let sql = """
            UPDATE personas SET name = ?, display_name = ?, avatar_url = ?, description = ?, category = ?,
                instructions = ?, traits = ?, greeting = ?, suggested_messages = ?, status = ?, tools = ?, is_active = ?,
                updated_at = ? WHERE id = ?
            """
        try connection.run(
            sql,
            [
                persona.name, persona.displayName, persona.avatarURL, persona.description, persona.category,
                stored.instructions, stored.traits.text, persona.greeting,
                try ColumnCoding.encode(persona.suggestedMessages), persona.status.rawValue,
                try ColumnCoding.encode(persona.tools), persona.status.isListed, moment.microseconds,
                persona.id.description,
            ]
        )
    }

    /// Whether a persona has the name.
    static func isTaken(_ name: String, _ connection: Connection) throws(StoreError) -> Bool {
        try connection.value("SELECT 1 FROM personas WHERE name = ?", [name], as: Int.self) != nil
    }

    static func find(_ id: Persona.ID, _ connection: Connection) throws(StoreError) -> StoredPersona? {
        try connection.first("SELECT \(columns) FROM personas WHERE id = ?", [id.description], read)
    }

    /// Returns a page of the listed personas, newest first.
    static func list(limit: Int, offset: Int, _ connection: Connection) throws(StoreError) -> Page<Persona> {
        let personas = try connection.all(
            "SELECT \(columns) FROM personas WHERE is_active ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
            [limit, offset]
        ) { row throws(StoreError) in try read(row).persona }
        return Page(items: personas, total: try count(connection))
    }

    /// Returns the number of listed personas.
    static func count(_ connection: Connection) throws(StoreError) -> Int {
        try connection.value("SELECT COUNT(*) FROM personas WHERE is_active") ?? 0
    }

    /// Returns the number of all personas.
    static func countAll(_ connection: Connection) throws(StoreError) -> Int {
        try connection.value("SELECT COUNT(*) FROM personas") ?? 0
    }

    private static func read(_ row: Row) throws(StoreError) -> StoredPersona {
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
                createdAt: Timestamp(microseconds: row[10]),
                status: Persona.Status(rawValue: row[11]) ?? .discontinued,
                tools: try ColumnCoding.decode([String].self, row[12])
            ),
            instructions: row[6],
            traits: RawJSON(row[7]),
            promptForm: StoredPersona.PromptForm(rawValue: row[13]) ?? .messages
        )
    }
}
