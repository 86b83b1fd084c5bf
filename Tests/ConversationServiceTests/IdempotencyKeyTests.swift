import Bus
import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// Repeated requests with an idempotency key.
@Suite(.timeLimit(.minutes(5)))
struct IdempotencyKeyTests {
    @Test func `repeating a finished request returns the stored result and calls no model`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.send("Hello", in: conversation, key: "k")
            let again = try await fixture.send("Hello", in: conversation, key: "k")
            #expect(again == first)
            let events = try await collect(fixture.start("Hello", in: conversation, key: "k"))
            #expect(events.first?.userMessage == first.userMessage)
            #expect(events.last?.end == first.end)
            #expect(fixture.inference.requests.count == 1)
            let messages = try await fixture.messages(of: conversation)
            #expect(messages.count == 3)
        }
    }

    @Test func `repeating a request in progress joins its run`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("a"), .hold, .text("b"), .finish])
            let stream = try await fixture.start("Hello", in: conversation, key: "k")
            let first = try #require(try await stream.nextBatch())
            let other = try await fixture.start("Hello", in: conversation, key: "k")
            let otherFirst = try #require(try await other.nextBatch())
            async let completed = fixture.send("Hello", in: conversation, key: "k")
            fixture.inference.release()
            let streamed = try await first + collect(stream)
            let others = try await otherFirst + collect(other)
            let turn = try await completed
            #expect(others == streamed)
            #expect(turn.end == streamed.last?.end)
            #expect(fixture.inference.requests.count == 1)
        }
    }

    @Test func `concurrent requests with the same key start one run`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let turns = try await withThrowingTaskGroup(of: Turn.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await fixture.send("Hello", in: conversation, key: "k") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(turns).count == 1)
            #expect(fixture.inference.requests.count == 1)
            let messages = try await fixture.messages(of: conversation)
            #expect(messages.count == 3)
        }
    }

    @Test func `the same key with another message is rejected; in another scope it is a different key`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let other = try await fixture.open(another: true)
            let first = try await fixture.send("Hello", in: conversation, key: "k")
            do {
                _ = try await fixture.send("Goodbye", in: conversation, key: "k")
                Issue.record("It was accepted.")
            } catch let fault as Fault {
                #expect(fault.code == .keyReused)
            }
            _ = try await fixture.send("Goodbye", in: other, key: "k")
            let answer = try #require(first.end.assistantMessage)
            let again = try await fixture.send(nil, insteadOf: answer.id, in: conversation, key: "k")
            let repeated = try await fixture.send(nil, insteadOf: answer.id, in: conversation, key: "k")
            #expect(repeated == again)
            let edited = try await fixture.send("Hi", insteadOf: first.userMessage.id, in: conversation, key: "k")
            let same = try await fixture.send("Hi", insteadOf: first.userMessage.id, in: conversation, key: "k")
            #expect(same == edited)
            #expect(fixture.inference.requests.count == 4)
        }
    }

    @Test func `a failed request runs again for the same message, an interrupted one does not`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.fail(Fault(.provider, "No."))])
            let failed = try await fixture.send("One", in: conversation, key: "f")
            #expect(failed.end.status == .failed)
            fixture.inference.play([.text("uno"), .finish])
            let again = try await fixture.send("One", in: conversation, key: "f")
            #expect(again.end.status == .completed)
            #expect(again.userMessage.id == failed.userMessage.id)
            #expect(again.run != failed.run)
            let repeated = try await fixture.send("One", in: conversation, key: "f")
            #expect(repeated == again)
            fixture.inference.play([.text("du"), .fail(Fault(.cut, "It broke off."))])
            let cut = try await fixture.send("Two", in: conversation, key: "c")
            #expect(cut.end.status == .interrupted)
            let still = try await fixture.send("Two", in: conversation, key: "c")
            #expect(still == cut)
            #expect(fixture.inference.requests.count == 3)
            let texts = try await fixture.messages(of: conversation).suffix(4).map(\.content.text)
            #expect(texts == ["One", "uno", "Two", "du"])
        }
    }

    @Test func `keys survive a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, first) = try await Fixture.with(directory) { fixture in
                let conversation = try await fixture.open()
                return (conversation, try await fixture.send("Hello", in: conversation, key: "k"))
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                let again = try await fixture.send("Hello", in: conversation, key: "k")
                #expect(again == first)
                #expect(fixture.inference.requests.isEmpty)
            }
        }
    }

    @Test func `a failed request that is queued again survives a restart and has the same first event`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, streamed) = try await Fixture.with(directory) { fixture in
                let conversation = try await fixture.open()
                fixture.inference.play([.fail(Fault(.provider, "No."))])
                _ = try await fixture.send("One", in: conversation, key: "f")
                fixture.inference.play([.text("Well"), .hang])
                _ = try await fixture.start("Two", in: conversation).nextBatch()
                let again = try await fixture.start("One", in: conversation, key: "f")
                return (conversation, try #require(try await again.nextBatch()?.first))
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                let again = try await fixture.send("One", in: conversation, key: "f")
                #expect(again.end.status == .completed)
                #expect(again.userMessage == streamed.userMessage)
                let follow = Runs.Follow(conversation: conversation.id, run: again.run, after: 0)
                let events = try await collect(fixture.bus.stream(follow, fixture.context()))
                #expect(events.first == streamed)
                let messages = try await fixture.messages(of: conversation).dropFirst()
                #expect(messages.map(\.content.text) == ["One", "Hello.", "Two", "Well"])
                #expect(messages.map(\.status) == [.completed, .completed, .completed, .interrupted])
            }
        }
    }

    private func collect(_ stream: ElementStream<Run.Event>) async throws -> [Run.Event] {
        var events: [Run.Event] = []
        while let batch = try await stream.nextBatch() { events += batch }
        return events
    }
}
