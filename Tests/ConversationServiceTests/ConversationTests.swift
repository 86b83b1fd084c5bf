import Bus
import Contracts
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ConversationTests {
    @Test func `there are at least six personas in five categories`() async throws {
        try await Fixture.with { fixture in
            let page = try await fixture.bus.call(Personas.List(limit: 100, offset: 0), fixture.context())
            #expect(page.items.count >= 6)
            #expect(page.total == page.items.count)
            #expect(Set(page.items.map(\.category)).count >= 5)
            #expect(Set(page.items.map(\.id)).count == page.items.count)
            let second = try await fixture.bus.call(Personas.List(limit: 2, offset: 1), fixture.context())
            #expect(second.items == Array(page.items[1...2]))
        }
    }

    @Test func `opening twice returns the same conversation unless a new one is requested`() async throws {
        try await Fixture.with { fixture in
            let first = try await fixture.open()
            let again = try await fixture.open()
            let another = try await fixture.open(another: true)
            #expect(first.id == again.id)
            #expect(first.id != another.id)
            #expect(first.messageCount == 1)
            #expect(first.recentMessages.first?.role == .assistant)
        }
    }

    @Test func `concurrent requests to open a conversation create one`() async throws {
        try await Fixture.with { fixture in
            let ids = try await withThrowingTaskGroup(of: Conversation.ID.self) { group in
                for _ in 0..<20 { group.addTask { try await fixture.open().id } }
                return try await group.reduce(into: Set<Conversation.ID>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test func `conversations are listed by last use, and only those of the user`() async throws {
        try await Fixture.with { fixture in
            let first = try await fixture.open()
            let second = try await fixture.open(another: true)
            _ = try await fixture.open("bob")
            _ = try await fixture.send("Hello", in: first)
            let request = Conversations.List(limit: 10, offset: 0)
            let page = try await fixture.bus.call(request, fixture.context())
            #expect(page.items.map(\.id) == [first.id, second.id])
            #expect(page.total == 2)
            #expect(page.items.first?.messageCount == 3)
            #expect(page.items.first?.recentMessages.first?.content.text == "Hello.")
        }
    }

    @Test func `a conversation of another user is forbidden and an unknown one is not found`() async throws {
        try await Fixture.with { fixture in
            let own = try await fixture.open()
            await #expect(throws: Fault(.forbidden, "Not your conversation")) {
                _ = try await fixture.messages(of: own, as: "bob")
            }
            await #expect(throws: Fault(.forbidden, "Not your conversation")) {
                _ = try await fixture.send("Hello", in: own, as: "bob")
            }
            var gone = own
            gone.id = Conversation.ID()
            await #expect(throws: Fault(.missing, "Conversation not found")) {
                _ = try await fixture.send("Hello", in: gone)
            }
        }
    }

    @Test func `a deleted conversation and its messages are not found`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            _ = try await fixture.send("Hello", in: conversation)
            let deleted = try await fixture.bus.call(Conversations.Delete(id: conversation.id), fixture.context())
            #expect(deleted.messageCount == 3)
            await #expect(throws: Fault(.missing, "Conversation not found")) {
                _ = try await fixture.messages(of: conversation)
            }
            await #expect(throws: Fault(.missing, "Conversation not found")) {
                _ = try await fixture.send("Hello", in: conversation)
            }
            #expect(try await fixture.open().id != conversation.id)
        }
    }

    @Test func `deleting a conversation during a generation stops the run first`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("Well"), .hang])
            let stream = try await fixture.start("Hello", in: conversation)
            _ = try await stream.nextBatch()
            _ = try await fixture.bus.call(Conversations.Delete(id: conversation.id), fixture.context())
            var end: Run.End?
            while let batch = try await stream.nextBatch() { end = batch.compactMap(\.end).last ?? end }
            #expect(end?.status == .stopped)
        }
    }

    @Test func `deleting a conversation also stops its queued turns without starting them`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("Well"), .hang])
            let first = try await fixture.start("First", in: conversation)
            _ = try await first.nextBatch()
            let waiting = [
                try await fixture.start("Second", in: conversation), try await fixture.start("Third", in: conversation),
            ]
            try await eventually("The first answer") { fixture.inference.requests.count == 1 }
            _ = try await fixture.bus.call(Conversations.Delete(id: conversation.id), fixture.context())
            for stream in [first] + waiting {
                var end: Run.End?
                while let batch = try await stream.nextBatch() { end = batch.compactMap(\.end).last ?? end }
                #expect(end?.status == .stopped)
            }
            #expect(fixture.inference.requests.count == 1)
        }
    }

    @Test func `user names that differ only in Unicode normalization are different users`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open("zo\u{EB}")
            for act in [
                { _ = try await fixture.messages(of: conversation, as: "zoe\u{308}") },
                { _ = try await fixture.send("Hello", in: conversation, as: "zoe\u{308}") },
                {
                    _ = try await fixture.bus.call(
                        Conversations.Delete(id: conversation.id),
                        fixture.context("zoe\u{308}")
                    )
                },
            ] as [() async throws -> Void] {
                let fault = await #expect(throws: Fault.self) { try await act() }
                #expect(fault?.code == .forbidden)
            }
        }
    }

    @Test func `a text with U+0000 is rejected`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let fault = await #expect(throws: Fault.self) { _ = try await fixture.send("a\u{0}b", in: conversation) }
            #expect(fault?.code == .invalid)
        }
    }
}
