import Contracts
import Synchronization
import Testing

@testable import GatewayService

/// How many calls of models may go on at once.
struct ConcurrentCallsTests {
    private let alice = Principal(user: "alice")

    @Test func `a user's limit holds over all of their keys, and a place that is left is free`() throws {
        let calls = ConcurrentCalls(limit: 2)
        let key = Principal(user: "alice", key: APIKey.ID())
        try calls.enter(alice)
        try calls.enter(key)
        #expect(throws: Fault.self) { try calls.enter(alice) }
        try calls.enter(Principal(user: "bob"))
        calls.leave(key)
        try calls.enter(alice)
        #expect(throws: Fault.self) { try calls.enter(key) }
    }

    @Test func `a key's own limit holds beside it`() throws {
        let calls = ConcurrentCalls(limit: 0)
        let key = Principal(user: "alice", key: APIKey.ID())
        try calls.enter(key, keyLimit: 1)
        let fault = #expect(throws: Fault.self) { try calls.enter(key, keyLimit: 1) }
        #expect(fault?.code == .limited)
        #expect(fault?.retryAfter == 1)
        try calls.enter(alice)
        try calls.enter(Principal(user: "alice", key: APIKey.ID()), keyLimit: 1)
        calls.leave(key)
        try calls.enter(key, keyLimit: 1)
    }

    @Test func `as many as may come in at once, do`() async {
        let calls = ConcurrentCalls(limit: 10)
        for _ in 0..<50 {
            let entered = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        do { try calls.enter(alice) } catch { return false }
                        return true
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(entered == 10)
            for _ in 0..<entered { calls.leave(alice) }
        }
    }
}
