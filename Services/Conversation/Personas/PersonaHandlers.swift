import Contracts

/// Handles the endpoints that list and find personas, and installs the built-in ones.
struct PersonaHandlers: Sendable {
    let store: any PersonaStore

    /// Stores the built-in personas that the database does not contain yet.
    func install() async throws {
        try await store.installPersonas(BuiltInPersonas.all)
    }

    func list(_ request: Personas.List) async throws -> Page<Persona> {
        try await store.listPersonas(limit: request.limit, offset: request.offset)
    }

    func find(_ request: Personas.Find) async throws -> Persona {
        guard let persona = try await store.findPersona(request.id) else {
            throw Fault(.missing, "Influencer not found")
        }
        return persona
    }
}
