import Contracts
import Synchronization
import Testing

@testable import GatewayService

struct ConcurrencyLimiterTests {
    private let alice = Principal(user: "alice")

    @Test func `a user's limit covers all of their keys, and a released slot is free`() throws {
        let limiter = ConcurrencyLimiter(limit: 2)
        let key = Principal(user: "alice", key: APIKey.ID())
        try limiter.acquire(alice)
        try limiter.acquire(key)
        #expect(throws: Fault.self) { try limiter.acquire(alice) }
        try limiter.acquire(Principal(user: "bob"))
        limiter.release(key)
        try limiter.acquire(alice)
        #expect(throws: Fault.self) { try limiter.acquire(key) }
    }

    @Test func `a key's own limit applies in addition`() throws {
        let limiter = ConcurrencyLimiter(limit: 0)
        let key = Principal(user: "alice", key: APIKey.ID())
        try limiter.acquire(key, keyLimit: 1)
        let fault = #expect(throws: Fault.self) { try limiter.acquire(key, keyLimit: 1) }
        #expect(fault?.code == .limited)
        #expect(fault?.retryAfter == 1)
        try limiter.acquire(alice)
        try limiter.acquire(Principal(user: "alice", key: APIKey.ID()), keyLimit: 1)
        limiter.release(key)
        try limiter.acquire(key, keyLimit: 1)
    }

    @Test func `concurrent calls get exactly the available slots`() async {
        let limiter = ConcurrencyLimiter(limit: 10)
        for _ in 0..<50 {
            let entered = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        do { try limiter.acquire(alice) } catch { return false }
                        return true
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(entered == 10)
            for _ in 0..<entered { limiter.release(alice) }
        }
    }
}
