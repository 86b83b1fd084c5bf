import Contracts

/// Handles the endpoints that list and find personas, and installs the built-in ones.
struct PersonaHandlers: Sendable {
    let database: Database

    /// Stores the built-in personas that the database does not contain yet.
    func install() async throws {
        try await database.write { database in
            for persona in BuiltInPersonas.all where try PersonaRows.find(persona.persona.id, in: database) == nil {
                try PersonaRows.insert(persona, in: database)
            }
            let assistant = BuiltInPersonas.assistant
            guard try PersonaRows.find(assistant.persona.id, in: database) == nil else { return }
            try PersonaRows.insert(assistant, isActive: false, in: database)
        }
    }

    func list(_ request: Personas.List) async throws -> Page<Persona> {
        try await database.read { try PersonaRows.list(limit: request.limit, offset: request.offset, in: $0) }
    }

    func find(_ request: Personas.Find) async throws -> Persona {
        try await database.read { database in
            guard var persona = try PersonaRows.find(request.id, in: database)?.persona else {
                throw Fault(.missing, "Influencer not found")
            }
            persona.conversationCount = try PersonaRows.conversationCount(of: request.id, in: database)
            return persona
        }
    }
}
