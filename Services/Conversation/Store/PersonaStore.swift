import Contracts

/// Stores personas.
///
/// As for ``ConversationStore``, refusals are values, and a function throws only if the store fails. A conformer must pass
/// `PersonaStoreSuite`.
protocol PersonaStore: Sendable {
    /// Stores those of the personas that do not exist yet.
    func installPersonas(_ personas: [StoredPersona]) async throws

    /// Returns a page of the listed personas, newest first.
    func listPersonas(limit: Int, offset: Int) async throws -> Page<Persona>

    /// Returns a persona with the number of its conversations; `nil` if it does not exist.
    func findPersona(_ id: Persona.ID) async throws -> StoredPersona?

    /// Stores a new persona, or returns that of an earlier request with the same idempotency key.
    ///
    /// Refusals: `conflict` if the name is taken or there are too many personas, `key_reused`.
    func createPersona(_ new: NewPersona) async throws -> Result<StoredPersona, Fault>

    /// Changes the members of a persona that the profile has.
    ///
    /// Refusals: `missing`, `invalid`, and `conflict` if the name is taken or the persona is needed.
    func changePersona(
        _ id: Persona.ID,
        _ profile: Personas.Profile,
        at moment: Timestamp
    ) async throws -> Result<StoredPersona, Fault>
}
