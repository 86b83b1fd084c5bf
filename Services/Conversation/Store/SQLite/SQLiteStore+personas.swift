import Contracts

extension SQLiteStore: PersonaStore {
    func installPersonas(_ personas: [StoredPersona]) async throws {
        try await database.write { connection throws(StoreError) in
            for stored in personas where try PersonaRows.find(stored.persona.id, connection) == nil {
                try PersonaRows.insert(stored, connection)
            }
        }
    }

    func listPersonas(limit: Int, offset: Int) async throws -> Page<Persona> {
        try await database.read { connection throws(StoreError) in
            try PersonaRows.list(limit: limit, offset: offset, connection)
        }
    }

    func findPersona(_ id: Persona.ID) async throws -> Persona? {
        try await database.read { connection throws(StoreError) in
            guard var persona = try PersonaRows.find(id, connection)?.persona else { return nil }
            persona.conversationCount = try Counters.value(of: .conversationsWith(id), connection)
            return persona
        }
    }
}
