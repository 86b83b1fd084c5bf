import Bus
import Contracts
import GRDB

/// Imports a conversation that was held through another API: stores it once, whole, in one commit.
///
/// No actor is created until the conversation is continued. No usage is recorded.
struct ImportHandlers: Sendable {
    private static let messageLimit = 10_000

    let database: Database
    var now: @Sendable () -> Timestamp = { .now() }

    func importConversation(
        _ request: Conversations.Import,
        _ context: CallContext
    ) async throws -> Conversations.Imported {
        let principal = try context.requirePrincipal()
        guard request.messages.count <= Self.messageLimit else {
            throw Fault(.invalid, "At most \(Self.messageLimit) messages can be imported.")
        }
        let imported = try ImportedConversation(request, at: now())
        return try await database.write { database in
            if let known = try ConversationRows.find(request.id, in: database) {
                guard known.user.utf8.elementsEqual(principal.user.utf8) else {
                    throw Fault(.conflict, "A conversation of another user has this id.")
                }
                return Conversations.Imported(messageCount: known.messageCount, isNew: false)
            }
            try Self.store(imported, of: principal, in: database)
            return Conversations.Imported(messageCount: imported.messages.count, isNew: true)
        }
    }

    private static func store(
        _ imported: ImportedConversation,
        of principal: Principal,
        in database: GRDB.Database
    ) throws {
        let run = imported.run
        let conversation = StoredConversation(
            id: run.conversation,
            user: principal.user,
            persona: BuiltInPersonas.assistant.persona.id,
            createdAt: run.createdAt,
            updatedAt: run.createdAt,
            messageCount: imported.messages.count
        )
        let number = try ConversationRows.insert(conversation, instructions: imported.instructions, in: database)
        let numbers = try imported.messages.map { try MessageRows.insert($0, into: number, in: database) }
        try RunRows.insert(run, of: numbers[imported.questionIndex], by: principal.key, in: database)
        let ended = StoredRun(
            run: run,
            conversation: number,
            message: numbers[imported.questionIndex],
            position: imported.messages[imported.questionIndex].position,
            answer: numbers.last,
            chunkSizes: imported.chunkSizes,
            end: imported.end
        )
        try RunRows.finish(ended, in: database)
    }
}
