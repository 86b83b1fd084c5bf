import Contracts

/// What ``TranscriptMirror`` reads.
extension SQLiteStore {
    func latestConversation(of user: String, with persona: Persona.ID) async throws -> StoredConversation? {
        try await database.read { connection throws(StoreError) in
            try ConversationRows.find(user: user, persona: persona, connection)?.stored
        }
    }

    func users(with persona: Persona.ID, after user: String?, limit: Int) async throws -> [String] {
        try await database.read { connection throws(StoreError) in
            // No user name is empty.
            try ConversationRows.users(persona: persona, after: user ?? "", limit: limit, connection)
        }
    }
}
