import Bus
import Contracts
import Synchronization

/// A fake key store whose change feed can be interrupted.
final class ScriptedKeyStore: Sendable {
    private struct State {
        var keys: [String: APIKey] = [:]
        var finds = 0
        var concurrentFinds = 0
        var mostConcurrentFinds = 0
        var delay = Duration.zero
        var checks = 0
        var news: [Keys.Event] = []
        var limited: [Quota.Subject] = []
        var isDown = false
        var isStalled = false
        var streams = 0
        /// How often the streams were cut.
        var cuts = 0
    }

    private let state = Mutex(State())

    /// How often a key was asked for.
    var finds: Int { state.withLock { $0.finds } }
    var mostConcurrentFinds: Int { state.withLock { $0.mostConcurrentFinds } }
    /// How often keys were looked at again.
    var checks: Int { state.withLock { $0.checks } }
    /// How often the stream of news was begun.
    var streams: Int { state.withLock { $0.streams } }

    /// Makes a key and gives its secret.
    func make(
        _ user: String = "alice",
        role: Principal.Role = .user,
        limits: APIKey.Limits = APIKey.Limits(),
        expiresAt: Timestamp? = nil
    ) -> (key: APIKey, secret: String) {
        let secret = KeySecret()
        let key = APIKey(
            id: APIKey.ID(),
            name: "a key",
            user: user,
            role: role,
            limits: limits,
            createdAt: Sample.moment,
            expiresAt: expiresAt
        )
        state.withLock { $0.keys[secret.digest] = key }
        return (key, secret.text)
    }

    /// Takes a key away, and tells so.
    func revoke(_ id: APIKey.ID, tells: Bool = true) {
        state.withLock { state in
            state.keys = state.keys.filter { $0.value.id != id }
            if tells { state.news.append(Keys.Event(key: id)) }
        }
    }

    func change(_ id: APIKey.ID, _ body: (inout APIKey) -> Void) {
        state.withLock { state in
            for (digest, key) in state.keys where key.id == id {
                var key = key
                body(&key)
                state.keys[digest] = key
            }
            state.news.append(Keys.Event(key: id))
        }
    }

    /// Cuts the stream of news, and lets none begin, until it may again.
    func cut(_ isDown: Bool = true) {
        state.withLock { state in
            state.isDown = isDown
            state.cuts += 1
        }
    }

    /// Leaves the stream open and says nothing more, as a process that was stopped would.
    func stall(_ isStalled: Bool = true) {
        state.withLock { $0.isStalled = isStalled }
    }

    /// Delays every look-up, and starts counting concurrent ones.
    func slowDown(by delay: Duration) {
        state.withLock { state in
            state.delay = delay
            state.mostConcurrentFinds = state.concurrentFinds
        }
    }

    func limit(_ subject: Quota.Subject) {
        state.withLock { state in
            state.limited.append(subject)
            state.news.append(Keys.Event(limited: subject))
        }
    }

    func add(to table: inout EndpointTable) {
        table.serve(Keys.Find.self) { request, _ in
            let (key, delay) = self.state.withLock { state in
                state.finds += 1
                state.concurrentFinds += 1
                state.mostConcurrentFinds = max(state.mostConcurrentFinds, state.concurrentFinds)
                return (state.keys[request.digest], state.delay)
            }
            defer { self.state.withLock { $0.concurrentFinds -= 1 } }
            if delay > .zero { try await Task.sleep(for: delay) }
            guard let key else { throw Fault(.missing, "Key not found") }
            return key
        }
        table.serve(Keys.Check.self) { request, _ in
            self.state.withLock { state in
                state.checks += 1
                return state.keys.values.filter { request.keys.contains($0.id) }
            }
        }
        table.serve(Keys.Watch.self) { _, _ in try self.watch() }
    }

    private func watch() throws -> ElementStream<Keys.Event> {
        let (first, cuts) = try state.withLock { state throws(Fault) in
            guard !state.isDown else { throw Fault(.unavailable, "The stream is cut.") }
            state.streams += 1
            state.news = []
            return (state.limited, state.cuts)
        }
        let begin = Mutex<[Quota.Subject]?>(first)
        return ElementStream(
            next: {
                let first = begin.withLock { begin in
                    defer { begin = nil }
                    return begin
                }
                if let first { return [Keys.Event(quotas: first)] }
                while true {
                    try await Task.sleep(for: .milliseconds(20))
                    let (news, isCut, isStalled) = self.state.withLock { state in
                        defer { if !state.isStalled { state.news = [] } }
                        return (state.news, state.cuts != cuts, state.isStalled)
                    }
                    if isCut { return nil }
                    if !isStalled { return news + [Keys.Event()] }
                }
            },
            close: {}
        )
    }
}
