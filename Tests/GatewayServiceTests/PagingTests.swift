import Contracts
import NIOHTTP1
import Testing

/// Where a list goes on.
@Suite(.timeLimit(.minutes(5)))
struct PagingTests {
    private static let lists = [
        "/api/v1/chat/conversations", "\(Sample.path)/messages", "\(Sample.path)/messages/\(Sample.answer.id)/siblings",
    ]

    @Test func `every list says where the next page starts, and null at its end`() async throws {
        try await TestGateway.with { gateway in
            for path in Self.lists {
                gateway.services.page(next: nil)
                let last = try await gateway.ask(.GET, path)
                #expect(last.body.hasSuffix(#","next":null}"#), "\(path)")
                gateway.services.page(next: "a \"cursor\"")
                let page = try await gateway.ask(.GET, path)
                let next = try page.json["next"] as? String
                #expect(next == "a \"cursor\"", "\(path)")
            }
            let selected = try await gateway.ask(.POST, "\(Sample.path)/messages/\(Sample.answer.id)/select")
            let next = try selected.json["next"] as? String
            #expect(next == "a \"cursor\"")
        }
    }

    @Test func `a cursor is passed on unread`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.GET, "/api/v1/chat/conversations?limit=3&cursor=a%2Fb%2B%3D")
            #expect(answer.status == 200)
            _ = try await gateway.ask(.GET, "/api/v1/chat/conversations?cursor=")
            let lists = gateway.services.received(Conversations.List.self)
            #expect(lists.map(\.cursor) == ["a/b+=", nil])
            #expect(lists.map(\.limit) == [3, 20])
            let repeated = try await gateway.ask(.GET, "/api/v1/chat/conversations?cursor=a&cursor=b")
            #expect(repeated.status == 400)
        }
    }

    @Test func `siblings are read in pages`() async throws {
        try await TestGateway.with { gateway in
            let path = Self.lists[2]
            #expect(try await gateway.ask(.GET, path).status == 200)
            #expect(try await gateway.ask(.GET, "\(path)?limit=2&after=\(Sample.question.id)").status == 200)
            let requests = gateway.services.received(Messages.Siblings.self)
            #expect(requests.map(\.limit) == [nil, 2])
            #expect(requests.map(\.after) == [nil, Sample.question.id])
            for query in ["limit=0", "limit=201", "limit=x", "limit=", "after=x", "after=a&after=b"] {
                let answer = try await gateway.ask(.GET, "\(path)?\(query)")
                #expect(answer.status == 400 && answer.isEnvelope, "\(query)")
            }
        }
    }
}
