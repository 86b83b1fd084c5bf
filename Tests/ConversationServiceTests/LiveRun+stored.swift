import Contracts
import Testing

@testable import ConversationService

extension LiveRun {
    /// Stores a conversation with an unfinished run.
    static func stored(in database: Database) async throws -> LiveRun {
        let (conversation, run, message) = (Conversation.ID(), Run.ID(), Message.ID())
        let user = Message(
            id: message,
            role: .user,
            content: Message.Content(text: "Hello"),
            status: .completed,
            parent: nil,
            run: run,
            tokenCount: 5,
            createdAt: .now()
        )
        let unfinished = Run(
            id: run,
            conversation: conversation,
            status: .running,
            model: nil,
            userMessage: message,
            assistantMessage: nil,
            lastEvent: 1,
            usage: nil,
            fault: nil,
            createdAt: .now(),
            endedAt: nil
        )
        let (number, messageNumber) = try await database.write { connection in
            let persona = try #require(BuiltInPersonas.all.first)
            try PersonaRows.insert(persona, in: connection)
            let stored = StoredConversation(
                id: conversation,
                user: "alice",
                persona: persona.persona.id,
                createdAt: .now(),
                updatedAt: .now(),
                messageCount: 1
            )
            let number = try ConversationRows.insert(stored, in: connection)
            let messageNumber = try MessageRows.insert(
                StoredMessage(position: 1, message: user),
                into: number,
                in: connection
            )
            try RunRows.insert(unfinished, of: messageNumber, in: connection)
            return (number, messageNumber)
        }
        let question = LiveRun.Question(message: user, number: messageNumber, position: 1)
        return LiveRun(run: unfinished, question: question, conversation: number)
    }
}
