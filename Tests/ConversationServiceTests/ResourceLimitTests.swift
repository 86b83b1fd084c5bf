import Bus
import Contracts
import Foundation
import GRDB
import NIOCore
import TestSupport
import Testing

@testable import ConversationService

/// Memory stays within its limits, and pages are correct.
@Suite(.timeLimit(.minutes(5)))
struct ResourceLimitTests {
    @Test func `a reader that is behind the events in memory reads from the database and misses nothing`() async throws
    {
        try await withTemporaryDirectory { directory in
            let store = try await SQLiteStore.sample(in: directory)
            let conversation = try await store.openConversation()
            let liveRun = try await store.startTurn(in: conversation, byteLimit: 2000)
            let first = RunEventJSON.event(Run.Event(number: 1, userMessage: liveRun.question))
            var expected = [first]
            for batch in 0..<100 {
                let numbers = (0..<7).map { 2 + batch * 7 + $0 }
                let lines = numbers.map { RunEventJSON.text("word \($0) ", number: $0) }
                for line in lines { liveRun.append(line) }
                expected += lines
                try await store.appendEvents([RunEventBatch(run: liveRun.run.id, first: numbers[0], lines: lines)])
                liveRun.markStored(through: numbers[6])
            }
            let reader = RunEventReader(store: store, liveRun: liveRun)
            for number in [0, 1, 2, 3, 8, 9, 350, 690, 700] {
                guard case .evicted? = try await liveRun.events(after: number) else {
                    #expect(number >= 650, "The events after \(number) must be in memory.")
                    continue
                }
                let read = try await read(expected.count - number, by: reader, after: number)
                #expect(read == Array(expected.dropFirst(number)), "after \(number)")
            }
            let slow = reader.stream(after: 0)
            var seen = try #require(try await slow.nextEncodedBatch())
            let runWriter = RunWriter.sample(store)
            var state = RunState(arrival: .now)
            for number in 2...701 { state.append("word \(number) ") }
            state.status = .completed
            _ = await runWriter.finish(liveRun, state: state)
            while let batch = try await slow.nextEncodedBatch() { seen += batch }
            #expect(Array(seen.dropLast()) == expected)
            let end = try BusCoding.decode(Run.Event.self, from: try #require(seen.last)).end
            #expect(end?.assistantMessage?.content.text == state.step.text)
        }
    }

    private func read(_ count: Int, by reader: RunEventReader, after number: Int) async throws -> [ByteBuffer] {
        let stream = reader.stream(after: number)
        var events: [ByteBuffer] = []
        while events.count < count, let batch = try await stream.nextEncodedBatch() { events += batch }
        return events
    }

    @Test func `only the newest messages of a large conversation are read into memory`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try await SQLiteStore.sample(in: directory)
            let text = String(repeating: "x", count: 100_000)
            let messages = (0..<101).map { number in
                Inference.Message(role: number.isMultiple(of: 2) ? .user : .assistant, content: text)
            }
            let request = Conversations.Import.sample(messages)
            let imported = try ImportedConversation(request, at: .now())
            _ = try await store.importConversation(imported, of: Principal(user: "alice")).get()
            let recalled = try await store.recallConversation(request.id).get().history
            // With the short answer, five messages have less than 512 KiB, six have more.
            #expect(recalled.messages.count == 6)
            #expect(recalled.messages.count + recalled.olderCount == 102)
            let history = History(recalled)
            #expect(history.messages.count + history.olderCount == 102)
            #expect(history.bytes < RecalledHistory.byteLimit + text.utf8.count)
        }
    }

    @Test func `pages by offset and by message are correct, also with gaps in the positions`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            for round in 0..<2 {
                for number in 0..<6 { _ = try await fixture.send("\(round).\(number)", in: conversation) }
                let all = try await fixture.messages(of: conversation)
                for order in [Order.ascending, .descending] {
                    let expected = order == .ascending ? all : all.reversed()
                    for offset in 0...all.count + 1 {
                        let page = try await fixture.page(of: conversation, 3, offset: offset, order)
                        #expect(
                            page.items.map(\.unmarked) == Array(expected.dropFirst(offset).prefix(3)),
                            "\(order) \(offset)"
                        )
                        #expect(page.total == all.count)
                    }
                }
                for (index, message) in all.enumerated() {
                    let before = try await fixture.page(of: conversation, 4, .descending, before: message.id)
                    #expect(before.items.map(\.unmarked) == Array(all.prefix(index).reversed().prefix(4)))
                    let after = try await fixture.page(of: conversation, 4, .ascending, after: message.id)
                    #expect(after.items.map(\.unmarked) == Array(all.dropFirst(index + 1).prefix(4)))
                }
                fixture.inference.play([.fail(Fault(.provider, "No."))])
                for number in 6..<8 { _ = try await fixture.send("\(round).\(number)", in: conversation) }
                fixture.inference.play([.text("Hello."), .finish])
            }
        }
    }
}

extension Fixture {
    fileprivate func page(
        of conversation: Conversation,
        _ limit: Int,
        offset: Int = 0,
        _ order: Order,
        before: Message.ID? = nil,
        after: Message.ID? = nil
    ) async throws -> Page<Message> {
        let list = Messages.List(
            conversation: conversation.id,
            limit: limit,
            offset: offset,
            order: order,
            before: before,
            after: after
        )
        return try await bus.call(list, context())
    }
}
