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
}
