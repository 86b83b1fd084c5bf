import Bus
import Contracts
import TestSupport
import Testing

extension Fixture {
    /// Sends a message that gets a given answer; returns the ids of both.
    func turn(
        _ text: String,
        _ answer: String,
        in conversation: Conversation
    ) async throws -> (question: Message.ID, answer: Message.ID) {
        inference.play([.text(answer), .finish])
        let turn = try await send(text, in: conversation)
        return (turn.userMessage.id, try #require(turn.end.assistantMessage).id)
    }

    /// The texts of the last prompt, without the system prompt and the greeting.
    func promptTexts() -> [String] {
        Array(inference.requests.last?.messages.dropFirst(2).map(\.text) ?? [])
    }

    /// The texts of the request that asks a question, whichever request came last: recovered runs ask for answers too.
    func promptTexts(asking question: String) -> [String] {
        let request = inference.requests.last { $0.messages.last?.text == question }
        return Array(request?.messages.dropFirst(2).map(\.text) ?? [])
    }

    /// The texts on the selected path, without the greeting.
    func texts(of conversation: Conversation) async throws -> [String] {
        try await messages(of: conversation).dropFirst().map(\.content.text)
    }

    func siblings(of message: Message.ID, in conversation: Conversation) async throws -> [Message] {
        try await bus.call(Messages.Siblings(conversation: conversation.id, message: message), context()).items
    }

    func select(_ message: Message.ID, in conversation: Conversation) async throws {
        let select = Messages.Select(conversation: conversation.id, message: message, limit: 10)
        let page = try await bus.call(select, context())
        let listed = try await messages(of: conversation)
        #expect(page.items.map(\.unmarked) == listed.suffix(10).reversed())
        #expect(page.total == listed.count)
    }

    func collect(_ stream: ElementStream<Run.Event>) async throws -> [Run.Event] {
        var events: [Run.Event] = []
        while let batch = try await stream.nextBatch() { events += batch }
        return events
    }
}
