import Contracts

extension SQLiteStore: PersonaStore {
    /// Maximum number of personas, which are listed without an index.
    private static let personaLimit = 1000

    func installPersonas(_ personas: [StoredPersona]) async throws {
        try await database.write { connection throws(StoreError) in
            for stored in personas where try PersonaRows.find(stored.persona.id, connection) == nil {
                var stored = stored
                // An admin may have used the name of a persona that a later version brings.
                if try PersonaRows.isTaken(stored.persona.name, connection) {
                    stored.persona.name += "-\(stored.persona.id)"
                }
                try PersonaRows.insert(stored, connection)
            }
        }
    }

    func listPersonas(limit: Int, offset: Int) async throws -> Page<Persona> {
        try await database.read { connection throws(StoreError) in
            try PersonaRows.list(limit: limit, offset: offset, connection)
        }
    }

    func findPersona(_ id: Persona.ID) async throws -> StoredPersona? {
        try await database.read { connection throws(StoreError) in
            guard let stored = try PersonaRows.find(id, connection) else { return nil }
            return try Self.counted(stored, connection)
        }
    }

    func createPersona(_ new: NewPersona) async throws -> Result<StoredPersona, Fault> {
        try await database.write { connection throws(StoreError) in
            if let key = new.idempotencyKey,
                let text = try RequestKeyRows.find(scope: new.scope, key, connection)
            {
                return try Self.repeated(PersonaCreationRecord(text: text), of: new, connection)
            }
            guard try !PersonaRows.isTaken(new.stored.persona.name, connection) else {
                return .failure(Self.takenName(new.stored.persona.name))
            }
            guard try PersonaRows.countAll(connection) < Self.personaLimit else {
                return .failure(
                    Fault(.conflict, "There are \(Self.personaLimit) influencers, the maximum. Change an existing one.")
                )
            }
            try PersonaRows.insert(new.stored, connection)
            if let key = new.idempotencyKey {
                let record = try PersonaCreationRecord(new)
                let moment = new.stored.persona.createdAt
                try RequestKeyRows.set(scope: new.scope, key, to: record.text, at: moment, connection)
            }
            return .success(try Self.counted(new.stored, connection))
        }
    }

    private static func repeated(
        _ record: PersonaCreationRecord,
        of new: NewPersona,
        _ connection: Connection
    ) throws(StoreError) -> Result<StoredPersona, Fault> {
        guard try record.profile == PersonaCreationRecord(new).profile,
            let stored = try PersonaRows.find(record.persona, connection)
        else {
            let message = "This idempotency key was used with another influencer. Use a new key."
            return .failure(Fault(.keyReused, message))
        }
        return .success(try counted(stored, connection))
    }

    func changePersona(
        _ id: Persona.ID,
        _ profile: Personas.Profile,
        at moment: Timestamp
    ) async throws -> Result<StoredPersona, Fault> {
        try await database.write { connection throws(StoreError) in
            guard let stored = try PersonaRows.find(id, connection) else { return .failure(.missingPersona) }
            let changed: StoredPersona
            do throws(Fault) {
                changed = try PersonaProfile.applied(profile, to: stored)
            } catch {
                return .failure(error)
            }
            if changed.persona.name != stored.persona.name,
                try PersonaRows.isTaken(changed.persona.name, connection)
            {
                return .failure(Self.takenName(changed.persona.name))
            }
            try PersonaRows.update(changed, at: moment, connection)
            return .success(try Self.counted(changed, connection))
        }
    }

    private static func takenName(_ name: String) -> Fault {
        Fault(.conflict, "Another influencer has the name \(name). Choose another `name`.")
    }

    private static func counted(_ stored: StoredPersona, _ connection: Connection) throws(StoreError) -> StoredPersona {
        var stored = stored
        stored.persona.conversationCount = try Counters.value(of: .conversationsWith(stored.persona.id), connection)
        return stored
    }
}
