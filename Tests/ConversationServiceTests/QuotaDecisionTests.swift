import Bus
import Contracts
import GRDB
import Testing

@testable import ConversationService

/// Whether a quota applies is decided by the commit, not by the cache.
@Suite(.timeLimit(.minutes(5)))
struct QuotaDecisionTests {
    @Test func `a quota that the cache does not know yet is applied`() async throws {
        try await withSQLiteStore { store in
            let cache = AccessCache(try await store.accessState())
            let handlers = try QuotaHandlers.sample(store, cache)
            let context = CallContext(principal: Principal(user: "alice"))
            let reserve = Quotas.Reserve(model: "a/b", promptTokens: 10, maxTokens: 5)
            #expect(try await handlers.reserve(reserve, context).reservation == nil)
            // As between the commit and the change of the cache.
            _ = try await store.setQuota(Quota(period: .day, requests: 1), for: .user("alice"), at: .now()).get()
            #expect(!cache.isLimited(Principal(user: "alice")))
            let reserved = try await handlers.reserve(reserve, context)
            #expect(reserved.reservation != nil)
            #expect(reserved.answerLimit == nil)
            await #expect {
                try await handlers.reserve(reserve, context)
            } throws: { ($0 as? Fault)?.code == .quotaExceeded }
        }
    }

    @Test func `a quota that the cache does not know yet is applied to a turn, and limits its answer`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            let writer = try DatabaseQueue(
                path: fixture.directory + "/conversation.sqlite",
                configuration: configuration
            )
            try await writer.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO quotas (subject, period, tokens, changed_at) VALUES ('user:alice', 'day', 2500, 0)
                        """
                )
            }
            _ = try await fixture.send("Hello", in: conversation)
            #expect(fixture.inference.requests.map(\.options.maxTokens) == [1024])
            let status = try await fixture.quotaStatus()
            #expect(status.used.requests == 1)
            #expect(status.reserved == Usage.Total())
            let long = String(repeating: "words ", count: 4000)
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: long))
            try await fixture.expectFault(Runs.Complete(start), fixture.context(), .quotaExceeded)
        }
    }

    @Test func `a quota that the cache still knows and that was removed reserves nothing`() async throws {
        try await withSQLiteStore { store in
            let cache = AccessCache(AccessState(limited: [.user("alice")], runLimits: [:], lastChange: 0))
            let handlers = try QuotaHandlers.sample(store, cache)
            let context = CallContext(principal: Principal(user: "alice"))
            let reserved = try await handlers.reserve(Quotas.Reserve(model: "a/b", promptTokens: 10), context)
            #expect(reserved == Quotas.Reserved(reservation: nil))
        }
    }
}
