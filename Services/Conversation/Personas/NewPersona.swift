import Contracts

/// A persona to store, with the request for it.
struct NewPersona: Sendable {
    var stored: StoredPersona
    /// What was requested, by which a repeated request is recognized.
    var profile: Personas.Profile
    /// The admin who sends the request.
    var sender: String
    /// The idempotency key of the request.
    var key: String?

    /// The scope of the idempotency key.
    var scope: String { "user \(sender)" }
    var idempotencyKey: IdempotencyKey? { key.map { IdempotencyKey(route: "create persona", key: $0) } }
    var record: Record { Record(persona: stored.persona.id, profile: profile) }

    /// What is stored of the request until its idempotency key expires.
    struct Record: Codable, Sendable {
        var persona: Persona.ID
        var profile: Personas.Profile
    }
}
