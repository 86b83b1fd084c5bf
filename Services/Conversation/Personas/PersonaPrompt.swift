import Contracts

/// What a model is told about the persona that it speaks as. Pure.
enum PersonaPrompt {
    static func text(for stored: StoredPersona) -> String {
        let persona = stored.persona
        var text = "You are \(persona.displayName), \(persona.description)\n\n\(stored.instructions)"
        if !stored.traits.isEmpty {
            let traits = stored.traits.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            text += "\n\nYour manner: \(traits.joined(separator: "; "))."
        }
        return text
    }
}
