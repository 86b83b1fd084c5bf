import Bus
import Contracts
import Testing

@testable import ConversationService

/// Whether a quota applies is decided by the commit, not by the cache.
@Suite(.timeLimit(.minutes(1)))
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
