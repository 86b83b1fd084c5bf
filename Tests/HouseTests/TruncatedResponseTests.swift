import Bus
import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

/// Wherever a model's response is split or truncated, the run has the right status, its text is a prefix of the answer,
/// and the stored message equals the streamed one.
@Suite(.timeLimit(.minutes(5)))
struct TruncatedResponseTests {
    private static let pieces = ["Grü", "ße 你\n", "\"👩‍🍳\""]
    private static let answer = FakeResponse.chat(pieces)
    private static var text: String { pieces.joined() }

    @Test func `a response truncated after any byte behind the first token is an interrupted run`() async throws {
        let bytes = String(decoding: Self.answer.bytes, as: UTF8.self)
        let begun = try #require(bytes.range(of: "}\n"))
        let done = try #require(bytes.range(of: "\"done\":true"))
        let end = try #require(bytes.range(of: "}\n", range: done.upperBound..<bytes.endIndex))
        let first = bytes[..<begun.upperBound].utf8.count
        let whole = bytes[..<end.upperBound].utf8.count - 1
        try await withConversation { ollama, conversation in
            for count in first..<Self.answer.bytes.count {
                ollama.next("/api/chat", Self.answer.cut(after: count))
                let status: Run.Status = count >= whole ? .completed : .interrupted
                try await conversation.check("Cut after \(count)", is: status, Self.text)
            }
        }
    }

    @Test func `a response truncated before the first token is requested again, twice`() async throws {
        try await withConversation { ollama, conversation in
            ollama.always("/api/chat", Self.answer.cut(after: Self.answer.headLength))
            try await conversation.check("Cut after the head", is: .interrupted, Self.text)
            #expect(ollama.requests("/api/chat").count == 3, "It is requested twice again, since nothing was received.")
        }
    }

    @Test func `a response split at any byte is a completed run`() async throws {
        try await withConversation { ollama, conversation in
            for offset in 1..<Self.answer.bytes.count {
                ollama.next("/api/chat", Self.answer.split(at: [offset], pause: .zero))
                try await conversation.check("Split at \(offset)", is: .completed, Self.text)
            }
            ollama.next("/api/chat", Self.answer.byteByByte())
            try await conversation.check("Byte by byte", is: .completed, Self.text)
        }
    }

    private func withConversation(_ body: (FakeServer, inout TestConversation) async throws -> Void) async throws {
        try await withFakeOllama { ollama in
            let settings = ["OLLAMA_BASE_URL": ollama.url, "DEFAULT_MODEL": "ollama/llama3.2"]
            try await ServiceStack.with(settings: settings) { stack in
                var conversation = try await TestConversation(bus: stack.conversationBus)
                try await body(ollama, &conversation)
            }
        }
    }
}

/// A user who sends messages, regularly in a new conversation, and compares the streamed and the stored answers.
private struct TestConversation {
    let bus: HTTPBus
    private let persona: Persona.ID
    private var conversation: Conversation.ID?
    private var turns = 0
    private let context = CallContext(principal: Principal(user: "alice"))

    init(bus: HTTPBus) async throws {
        self.bus = bus
        let personas = try await bus.call(Personas.List(limit: 1, offset: 0), context)
        persona = try #require(personas.items.first).id
    }

    private mutating func current() async throws -> Conversation.ID {
        turns += 1
        if let conversation, turns % 30 != 0 { return conversation }
        let opened = try await bus.call(Conversations.Open(persona: persona, opensAnother: true), context)
        conversation = opened.conversation.id
        return opened.conversation.id
    }

    mutating func check(_ comment: Comment, is status: Run.Status, _ whole: String) async throws {
        let conversation = try await current()
        let start = Runs.Start(conversation: conversation, content: Message.Content(text: "Hello?"))
        let received = try await events(of: bus.stream(start, context))
        let events = try received.map { try BusCoding.decode(Run.Event.self, from: $0) }
        let run = try #require(events.first?.userMessage?.run, comment)
        let end = try #require(events.last?.end, comment)
        let text = events.compactMap(\.text).joined()
        #expect(end.status == status, comment)
        #expect(whole.hasPrefix(text), comment)
        #expect(status != .completed || text == whole, comment)
        #expect(end.assistantMessage?.content.text ?? "" == text, comment)
        #expect(events.map(\.number) == Array(1...events.count), comment)
        let after = Int.random(in: 0..<events.count)
        let follow = Runs.Follow(conversation: conversation, run: run, after: after)
        let again = try await self.events(of: bus.stream(follow, context))
        #expect(again == Array(received.dropFirst(after)), comment)
        let list = Messages.List(conversation: conversation, limit: 1, offset: 0, order: .descending)
        let stored = try #require(try await bus.call(list, context).items.first, comment)
        #expect(stored.unmarked == end.assistantMessage ?? events.first?.userMessage, comment)
    }

    private func events(of stream: ElementStream<Run.Event>) async throws -> [ByteBuffer] {
        var events: [ByteBuffer] = []
        while let batch = try await stream.nextEncodedBatch() { events += batch }
        return events
    }
}
