import GRDB

extension LiveConversation {
    /// Returns the system prompt.
    ///
    /// The prompt of an imported conversation may have megabytes, so it is read when needed and not cached.
    func systemText() async throws -> String {
        guard record.hasInstructions else { return personaPrompt }
        let number = record.number
        return try await dependencies.database.read { try ConversationRows.instructions(of: number, in: $0) } ?? ""
    }
}
