import Contracts
import Testing

@testable import ConversationService

/// Pages of conversations and messages.
extension ConversationStoreSuite {
    func cursor(_ test: TestConversations) async throws {
        var all: [Conversation.ID] = []
        for _ in 0..<7 { all.append(try await test.open(another: true).conversation.id) }
        var (seen, cursor): ([Conversation.ID], String?) = ([], nil)
        repeat {
            let request = Conversations.List(limit: 2, offset: 0, cursor: cursor)
            let page = try await test.store.listConversations(request, of: "ada").get()
            #expect(page.total == 7)
            seen += page.items.map(\.id)
            cursor = page.next
            // The conversation that was listed first becomes the most recently used one.
            try await test.turn("Again", "Yes", in: seen[0])
        } while cursor != nil
        #expect(seen == all.reversed())
        for (cursor, offset) in [("nonsense", 0), ("1-!", 0), ("-1-1", 0), ("1-1", 5)] {
            let request = Conversations.List(limit: 2, offset: offset, cursor: cursor)
            #expect(try await test.store.listConversations(request, of: "ada").fault?.code == .invalid)
        }
    }

    func extremes(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        let run = try await test.start(.message(Message.Content(text: "One")), in: id).run
        for number in [Int.min, -1, 0, Int.max] {
            let list = Conversations.List(limit: number, offset: max(0, number))
            let page = try await test.store.listConversations(list, of: "ada").get()
            #expect(page.total == 1 && page.items.isEmpty && page.next == nil)
            for order in [Order.ascending, .descending] {
                let messages = Messages.List(conversation: id, limit: number, offset: number, order: order)
                #expect(try await test.store.listMessages(messages, of: test.ada).get().total == 2)
            }
            var siblings = Messages.Siblings(
                conversation: id,
                message: try #require(try await test.messages(of: id).last).id
            )
            siblings.limit = number
            #expect(try await test.store.listSiblings(siblings, of: test.ada).get().total == 1)
            guard case .inProgress = try await test.store.readEvents(of: run, after: number) else {
                Issue.record("The run is not in progress.")
                return
            }
        }
    }

    func listBytes(_ test: TestConversations) async throws {
        for _ in 0..<50 {
            let id = try await test.open(another: true).conversation.id
            for _ in 0..<5 { try await test.turn(String(repeating: "é", count: 65_000), "Yes", in: id) }
        }
        var (count, cursor, pages): (Int, String?, Int) = (0, nil, 0)
        repeat {
            let request = Conversations.List(limit: 100, offset: 0, cursor: cursor)
            let page = try await test.store.listConversations(request, of: "ada").get()
            let bytes = page.items.flatMap(\.recentMessages).reduce(0) { $0 + $1.content.text.utf8.count }
            #expect(bytes < 9 * 1024 * 1024)
            #expect(!page.items.isEmpty)
            (count, cursor, pages) = (count + page.items.count, page.next, pages + 1)
        } while cursor != nil
        #expect(count == 50)
        #expect(pages > 1)
    }

    func messageBytes(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        for number in 0..<7 {
            try await test.turn("\(number) " + String(repeating: "x", count: 3_000_000), "Yes", in: id)
        }
        for order in [Order.ascending, .descending] {
            var (texts, last): ([String], Message.ID?) = ([], nil)
            repeat {
                let request = Messages.List(
                    conversation: id,
                    limit: 200,
                    offset: 0,
                    order: order,
                    before: order == .descending ? last : nil,
                    after: order == .ascending ? last : nil
                )
                let page = try await test.store.listMessages(request, of: test.ada).get()
                #expect(page.total == 15)
                #expect(page.items.reduce(0) { $0 + $1.content.text.utf8.count } <= 8 * 1024 * 1024)
                texts += page.items.map { String($0.content.text.prefix(1)) }
                last = try page.next.map { try #require(Message.ID($0)) }
            } while last != nil
            let expected = (0..<7).flatMap { ["\($0)", "Y"] }
            #expect(
                texts.dropFirst(order == .ascending ? 1 : 0).prefix(14).map(\.self)
                    == (order == .ascending ? expected : expected.reversed())
            )
        }
    }

    func offsets(_ test: TestConversations) async throws {
        let id = try await test.open().conversation.id
        for number in 0..<10 {
            // Every third question stays without an answer.
            try await test.turn("\(number)", number % 3 == 0 ? nil : "\(number)!", in: id)
        }
        let all = try await test.texts(of: id)
        #expect(all.count == 17)
        for offset in 0...18 {
            for order in [Order.ascending, .descending] {
                let request = Messages.List(conversation: id, limit: 3, offset: offset, order: order)
                let page = try await test.store.listMessages(request, of: test.ada).get()
                let expected = (order == .ascending ? all : all.reversed()).dropFirst(offset).prefix(3)
                #expect(page.items.map(\.content.text) == Array(expected))
            }
        }
    }
}
