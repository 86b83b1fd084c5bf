import Bus
import Contracts

/// Imports a conversation that was held through another API.
///
/// No actor is created until the conversation is continued. No usage is recorded.
struct ImportHandlers: Sendable {
    private static let messageLimit = 10_000

    let store: any ConversationStore
    let purge: BackgroundPurge
    var now: @Sendable () -> Timestamp = { .now() }

    func importConversation(
        _ request: Conversations.Import,
        _ context: CallContext
    ) async throws -> Conversations.Imported {
        let principal = try context.requirePrincipal()
        guard request.messages.count <= Self.messageLimit else {
            throw Fault(.invalid, "At most \(Self.messageLimit) messages can be imported.")
        }
        // A large import that was not completed, or was repeated, leaves rows.
        defer { purge.start() }
        return try await store.importConversation(ImportedConversation(request, at: now()), of: principal).get()
    }
}
