import Contracts

/// Builds the system prompt of a persona.
///
/// Pure functions. A transcript has the instructions alone, as its first line.
enum PersonaPrompt {
    /// In instructions, replaced by the date of the conversation.
    private static let currentDate = "{current_date}"

    /// Returns the prompt for a conversation that was created at a moment, which stands for the current date: a prompt
    /// that changed with each turn could not be cached by a provider.
    static func text(for stored: StoredPersona, conversationCreatedAt moment: Timestamp) -> String {
        let persona = stored.persona
        let instructions = stored.instructions.replacing(currentDate, with: date(moment))
        guard stored.promptForm == .messages else { return instructions }
        var text = instructions
        if !introducesItself(instructions) {
            let description = persona.description.prefix(1).lowercased() + persona.description.dropFirst()
            let introduction =
                description.isEmpty ? "\(persona.displayName)." : "\(persona.displayName), \(description)"
            text = "You are \(introduction)\n\n\(instructions)"
        }
        if let traits = PersonaTraits(stored.traits)?.sentence { text += "\n\n\(traits)" }
        return text
    }

    /// Whether the instructions say themselves who the persona is.
    private static func introducesItself(_ instructions: String) -> Bool {
        instructions.drop(while: \.isWhitespace).hasPrefix("You are ")
    }

    /// Formats a time in UTC as `2025-11-25 07:03:25`.
    static func date(_ moment: Timestamp) -> String {
        let day = Day(moment)
        let seconds = (moment.microseconds - day.start.microseconds) / 1_000_000
        let parts = [seconds / 3600, seconds % 3600 / 60, seconds % 60]
        return "\(day) " + parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
