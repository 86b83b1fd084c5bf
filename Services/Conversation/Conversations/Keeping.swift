import Bus
import Contracts
import GRDB

/// The rule of conversations that were held with a model elsewhere: each is stored once, whole, in one commit.
///
/// Nothing of it is live: the conversation is read when somebody goes on with it. No usage is counted.
struct Keeping: Sendable {
    private static let countLimit = 10_000

    let database: Database
    var now: @Sendable () -> Timestamp = { .now() }

    func keep(_ request: Conversations.Import, _ context: CallContext) async throws -> Conversations.Imported {
        let principal = try context.requirePrincipal()
        guard request.messages.count <= Self.countLimit else {
            throw Fault(.invalid, "At most \(Self.countLimit) messages are kept.")
        }
        let kept = try KeptConversation(request, at: now())
        return try await database.write { database in
            if let known = try ConversationRows.find(request.id, in: database) {
                guard known.user.utf8.elementsEqual(principal.user.utf8) else {
                    throw Fault(.conflict, "The id stands for somebody else's conversation.")
                }
                return Conversations.Imported(messageCount: known.messageCount, isNew: false)
            }
            try Self.store(kept, of: principal, in: database)
            return Conversations.Imported(messageCount: kept.messages.count, isNew: true)
        }
    }

    private static func store(_ kept: KeptConversation, of principal: Principal, in database: GRDB.Database) throws {
        let run = kept.run
        let conversation = StoredConversation(
            id: run.conversation,
            user: principal.user,
            persona: HousePersonas.assistant.persona.id,
            createdAt: run.createdAt,
            updatedAt: run.createdAt,
            messageCount: kept.messages.count
        )
        let number = try ConversationRows.insert(conversation, telling: kept.instructions, in: database)
        let numbers = try kept.messages.map { try MessageRows.insert($0, into: number, in: database) }
        try RunRows.insert(run, of: numbers[kept.question], by: principal.key, in: database)
        let ended = StoredRun(
            run: run,
            conversation: number,
            message: numbers[kept.question],
            position: kept.messages[kept.question].position,
            answer: numbers.last,
            cuts: kept.cuts,
            end: kept.end
        )
        try RunRows.end(ended, in: database)
    }
}
