import Bus
import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// A request that comes again under its key is the same request.
@Suite(.timeLimit(.minutes(1)))
struct RequestKeyTests {
    @Test func `a repeat of what is done gives the stored result and asks no model`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.say("Hello", in: conversation, key: "k")
            let again = try await stage.say("Hello", in: conversation, key: "k")
            #expect(again == first)
            let events = try await collect(stage.start("Hello", in: conversation, key: "k"))
            #expect(events.first?.userMessage == first.userMessage)
            #expect(events.last?.end == first.end)
            #expect(stage.inference.requests.count == 1)
            let messages = try await stage.messages(of: conversation)
            #expect(messages.count == 3)
        }
    }

    @Test func `a repeat of what is going joins it`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            stage.inference.play([.text("a"), .pause(.milliseconds(200)), .text("b"), .finish])
            let stream = try await stage.start("Hello", in: conversation, key: "k")
            let first = try #require(try await stream.nextBatch())
            async let joined = collect(stage.start("Hello", in: conversation, key: "k"))
            async let completed = stage.say("Hello", in: conversation, key: "k")
            let told = try await first + collect(stream)
            let (others, turn) = try await (joined, completed)
            #expect(others == told)
            #expect(turn.end == told.last?.end)
            #expect(stage.inference.requests.count == 1)
        }
    }

    @Test func `many at once are one`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let turns = try await withThrowingTaskGroup(of: Turn.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await stage.say("Hello", in: conversation, key: "k") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(turns).count == 1)
            #expect(stage.inference.requests.count == 1)
            let messages = try await stage.messages(of: conversation)
            #expect(messages.count == 3)
        }
    }

    @Test func `the same key with something else is refused, elsewhere it is another key`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let other = try await stage.open(another: true)
            let first = try await stage.say("Hello", in: conversation, key: "k")
            do {
                _ = try await stage.say("Goodbye", in: conversation, key: "k")
                Issue.record("It was accepted.")
            } catch let fault as Fault {
                #expect(fault.code == .keyReused)
            }
            _ = try await stage.say("Goodbye", in: other, key: "k")
            let answer = try #require(first.end.assistantMessage)
            let again = try await stage.say(nil, insteadOf: answer.id, in: conversation, key: "k")
            let repeated = try await stage.say(nil, insteadOf: answer.id, in: conversation, key: "k")
            #expect(repeated == again)
            let edited = try await stage.say("Hi", insteadOf: first.userMessage.id, in: conversation, key: "k")
            let same = try await stage.say("Hi", insteadOf: first.userMessage.id, in: conversation, key: "k")
            #expect(same == edited)
            #expect(stage.inference.requests.count == 4)
        }
    }

    @Test func `what failed runs again for the same message, what was cut off does not`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            stage.inference.play([.fail(Fault(.provider, "No."))])
            let failed = try await stage.say("One", in: conversation, key: "f")
            #expect(failed.end.status == .failed)
            stage.inference.play([.text("uno"), .finish])
            let again = try await stage.say("One", in: conversation, key: "f")
            #expect(again.end.status == .completed)
            #expect(again.userMessage.id == failed.userMessage.id)
            #expect(again.run != failed.run)
            let repeated = try await stage.say("One", in: conversation, key: "f")
            #expect(repeated == again)
            stage.inference.play([.text("du"), .fail(Fault(.cut, "It broke off."))])
            let cut = try await stage.say("Two", in: conversation, key: "c")
            #expect(cut.end.status == .interrupted)
            let still = try await stage.say("Two", in: conversation, key: "c")
            #expect(still == cut)
            #expect(stage.inference.requests.count == 3)
            let texts = try await stage.messages(of: conversation).suffix(4).map(\.content.text)
            #expect(texts == ["One", "uno", "Two", "du"])
        }
    }

    @Test func `keys outlive the process, and a run that was cut off by its end is given back`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, first) = try await Stage.with(directory) { stage in
                let conversation = try await stage.open()
                return (conversation, try await stage.say("Hello", in: conversation, key: "k"))
            }
            try await untilReleased(directory)
            try await Stage.with(directory) { stage in
                let again = try await stage.say("Hello", in: conversation, key: "k")
                #expect(again == first)
                #expect(stage.inference.requests.isEmpty)
            }
        }
    }

    @Test func `what failed and waits to run again does so after a restart, and is told as before`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, told) = try await Stage.with(directory) { stage in
                let conversation = try await stage.open()
                stage.inference.play([.fail(Fault(.provider, "No."))])
                _ = try await stage.say("One", in: conversation, key: "f")
                stage.inference.play([.text("Well"), .hang])
                _ = try await stage.start("Two", in: conversation).nextBatch()
                let again = try await stage.start("One", in: conversation, key: "f")
                return (conversation, try #require(try await again.nextBatch()?.first))
            }
            try await untilReleased(directory)
            try await Stage.with(directory) { stage in
                let again = try await stage.say("One", in: conversation, key: "f")
                #expect(again.end.status == .completed)
                #expect(again.userMessage == told.userMessage)
                let follow = Runs.Follow(conversation: conversation.id, run: again.run, after: 0)
                let events = try await collect(stage.bus.stream(follow, stage.context()))
                #expect(events.first == told)
                let messages = try await stage.messages(of: conversation).dropFirst()
                #expect(messages.map(\.content.text) == ["One", "Hello.", "Two", "Well"])
                #expect(messages.map(\.status) == [.completed, .completed, .completed, .interrupted])
            }
        }
    }

    @Test func `a key is forgotten after a day, and not before`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let feed = try await RunFeed.begun(in: database)
            let key = RequestKey(route: "send", key: "k")
            let (made, day) = (feed.run.createdAt, RequestKeyRows.lifetime)
            @Sendable func moment(_ after: Int64) -> Timestamp { Timestamp(microseconds: made.microseconds + after) }
            let found = try await database.write { connection in
                let number = feed.conversation
                try RequestKeyRows.set(key, of: number, to: feed.run.id, at: made, in: connection)
                let found = try [0, day - 1, day].map {
                    try RequestKeyRows.find(key, of: number, at: moment($0), in: connection)
                }
                #expect(try RequestKeyRows.deleteExpired(at: moment(day - 1), limit: 10, in: connection) == 0)
                #expect(try RequestKeyRows.deleteExpired(at: moment(day), limit: 10, in: connection) == 1)
                return found
            }
            #expect(found == [feed.run.id, feed.run.id, nil])
        }
    }

    private func collect(_ stream: ElementStream<Run.Event>) async throws -> [Run.Event] {
        var events: [Run.Event] = []
        while let batch = try await stream.nextBatch() { events += batch }
        return events
    }
}
