import Bus
import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

/// However a model's answer arrives and wherever it breaks off, over three services: the status is right, the text is a
/// true prefix, and what is read again is what is stored.
@Suite(.timeLimit(.minutes(5)))
struct CutTests {
    private static let pieces = ["Grü", "ße 你\n", "\"👩‍🍳\""]
    private static let answer = FakeResponse.chat(pieces)
    private static var text: String { pieces.joined() }

    @Test func `cut after any byte that follows the first token`() async throws {
        let bytes = String(decoding: Self.answer.bytes, as: UTF8.self)
        let begun = try #require(bytes.range(of: "}\n"))
        let done = try #require(bytes.range(of: "\"done\":true"))
        let end = try #require(bytes.range(of: "}\n", range: done.upperBound..<bytes.endIndex))
        let first = bytes[..<begun.upperBound].utf8.count
        let whole = bytes[..<end.upperBound].utf8.count - 1
        try await withConversation { ollama, talk in
            for count in first..<Self.answer.bytes.count {
                ollama.next("/api/chat", Self.answer.cut(after: count))
                let status: Run.Status = count >= whole ? .completed : .interrupted
                try await talk.check("Cut after \(count)", is: status, Self.text)
            }
        }
    }

    @Test func `cut before the first token, again and again`() async throws {
        try await withConversation { ollama, talk in
            ollama.always("/api/chat", Self.answer.cut(after: Self.answer.headLength))
            try await talk.check("Cut after the head", is: .interrupted, Self.text)
            #expect(ollama.requests("/api/chat").count == 3, "It is tried twice again, as long as nothing has come.")
        }
    }

    @Test func `split at any byte, and byte by byte`() async throws {
        try await withConversation { ollama, talk in
            for offset in 1..<Self.answer.bytes.count {
                ollama.next("/api/chat", Self.answer.split(at: [offset], pause: .zero))
                try await talk.check("Split at \(offset)", is: .completed, Self.text)
            }
            ollama.next("/api/chat", Self.answer.byteByByte())
            try await talk.check("Byte by byte", is: .completed, Self.text)
        }
    }

    private func withConversation(_ body: (FakeServer, inout Talk) async throws -> Void) async throws {
        try await withFakeOllama { ollama in
            let settings = ["OLLAMA_BASE_URL": ollama.url, "DEFAULT_MODEL": "ollama/llama3.2"]
            try await House.with(settings: settings) { house in
                var talk = try await Talk(bus: house.conversationBus)
                try await body(ollama, &talk)
            }
        }
    }
}

/// A user who says things, in a new conversation now and then, and compares what comes back.
private struct Talk {
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
        let told = try await events(of: bus.stream(start, context))
        let events = try told.map { try BusCoding.decode(Run.Event.self, from: $0) }
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
        #expect(again == Array(told.dropFirst(after)), comment)
        let list = Messages.List(conversation: conversation, limit: 1, offset: 0, order: .descending)
        let stored = try #require(try await bus.call(list, context).items.first, comment)
        #expect(stored == end.assistantMessage ?? events.first?.userMessage, comment)
    }

    private func events(of stream: ElementStream<Run.Event>) async throws -> [ByteBuffer] {
        var events: [ByteBuffer] = []
        while let batch = try await stream.nextEncodedBatch() { events += batch }
        return events
    }
}
