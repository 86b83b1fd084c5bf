import Contracts

/// Builds the system prompt of a persona.
///
/// Pure function. A transcript has the instructions alone, as its first line.
enum PersonaPrompt {
    static func text(for stored: StoredPersona) -> String {
        guard stored.promptForm == .messages else { return stored.instructions }
        let persona = stored.persona
        let description = persona.description.prefix(1).lowercased() + persona.description.dropFirst()
        var text = "You are \(persona.displayName), \(description)\n\n\(stored.instructions)"
        if !stored.traits.isEmpty {
            let traits = stored.traits.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            text += "\n\nYour manner: \(traits.joined(separator: "; "))."
        }
        return text
    }
}
