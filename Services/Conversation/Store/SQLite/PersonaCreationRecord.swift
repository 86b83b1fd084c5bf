import Contracts

/// What is stored for the idempotency key of a request that created a persona.
struct PersonaCreationRecord {
    let persona: Persona.ID
    /// The JSON of the requested profile.
    let profile: String

    init(_ new: NewPersona) throws(StoreError) {
        persona = new.stored.persona.id
        profile = try ColumnCoding.encode(new.profile)
    }

    init(text: String) throws(StoreError) {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw .unreadable("the result of a key is invalid: \(text.prefix(120))") }
        persona = try ColumnCoding.identifier(parts[0])
        profile = parts[1]
    }

    var text: String { "\(persona) \(profile)" }
}
