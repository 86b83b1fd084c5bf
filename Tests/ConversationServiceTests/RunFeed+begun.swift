import Contracts
import Testing

@testable import ConversationService

extension RunFeed {
    /// Stores a conversation with a run that is going.
    static func begun(in database: Database) async throws -> RunFeed {
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
        let going = Run(
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
        let (number, place) = try await database.write { connection in
            let persona = try #require(HousePersonas.all.first)
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
            let place = try MessageRows.insert(StoredMessage(position: 1, message: user), into: number, in: connection)
            try RunRows.insert(going, of: place, in: connection)
            return (number, place)
        }
        let question = RunFeed.Question(message: user, number: place, position: 1)
        return RunFeed(run: going, question: question, conversation: number)
    }
}
