import GRDB

extension LiveConversation {
    /// What the model is told before all else.
    ///
    /// In a conversation that was kept it may be megabytes, which an idle conversation does not hold.
    func systemText() async throws -> String {
        guard record.hasInstructions else { return personaPrompt }
        let number = record.number
        return try await dependencies.database.read { try ConversationRows.instructions(of: number, in: $0) } ?? ""
    }
}
