import Contracts

/// Stores personas.
protocol PersonaStore: Sendable {
    /// Stores those of the personas that do not exist yet.
    func installPersonas(_ personas: [StoredPersona]) async throws

    /// Returns a page of the listed personas, newest first.
    func listPersonas(limit: Int, offset: Int) async throws -> Page<Persona>

    /// Returns a persona with the number of its conversations; `nil` if it does not exist.
    func findPersona(_ id: Persona.ID) async throws -> Persona?
}
