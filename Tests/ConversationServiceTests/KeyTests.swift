import Bus
import Contracts
import GRDB
import TestSupport
import Testing

/// Who may create, list, change and revoke API keys.
@Suite(.timeLimit(.minutes(5)))
struct KeyTests {
    private static let admin = CallContext(principal: Principal(user: "root", role: .admin))

    @Test func `a secret is returned once, only its digest is stored, and the digest finds the key`() async throws {
        try await Fixture.with { fixture in
            let limits = APIKey.Limits(requestsPerMinute: 5, requestsPerHour: nil, concurrentRuns: 2)
            let end = Timestamp(microseconds: Timestamp.now().microseconds + 60_000_000)
            let created = try await fixture.bus.call(
                Keys.Create(name: " laptop ", limits: limits, expiresAt: end),
                fixture.context()
            )
            let secret = try #require(KeySecret(created.secret))
            #expect(created.key.name == "laptop")
            #expect(created.key.user == "alice")
            #expect(created.key.role == .user)
            #expect(created.key.limits == limits)
            #expect(created.key.expiresAt == end)
            let found = try await fixture.bus.call(Keys.Find(digest: secret.digest), CallContext())
            #expect(found == created.key)
            let list = try await fixture.bus.call(Keys.List(limit: 10, offset: 0), fixture.context())
            #expect(list.items.map(\.id) == [found.id])
            #expect(list.items.first?.lastUsedAt != nil)
            let reader = try DatabaseQueue(path: fixture.directory + "/conversation.sqlite")
            let rows = try await reader.read { try Row.fetchAll($0, sql: "SELECT * FROM api_keys").map(\.description) }
            #expect(rows.count == 1)
            #expect(!rows.joined().contains(created.secret.dropFirst(10)))
        }
    }

    @Test func `a revoked key is not found, and unknown keys are not found`() async throws {
        try await Fixture.with { fixture in
            let created = try await fixture.bus.call(Keys.Create(name: "a"), fixture.context())
            let digest = try #require(KeySecret(created.secret)).digest
            let revoked = try await fixture.bus.call(Keys.Revoke(key: created.key.id), fixture.context())
            #expect(revoked.id == created.key.id)
            try await fixture.expectFault(Keys.Find(digest: digest), CallContext(), .missing)
            try await fixture.expectFault(Keys.Revoke(key: created.key.id), fixture.context(), .missing)
            try await fixture.expectFault(Keys.Find(digest: KeySecret().digest), CallContext(), .missing)
            for wrong in ["", "' OR 1=1 --", digest.uppercased(), digest + "0"] {
                try await fixture.expectFault(Keys.Find(digest: wrong), CallContext(), .invalid)
            }
        }
    }

    @Test func `users manage their own keys only, and no key has a higher role than its creator`() async throws {
        try await Fixture.with { fixture in
            let own = try await fixture.bus.call(Keys.Create(name: "own"), fixture.context("bob")).key
            try await fixture.expectFault(Keys.Create(name: "a", role: .admin), fixture.context(), .forbidden)
            try await fixture.expectFault(Keys.Create(name: "a", user: "bob"), fixture.context(), .forbidden)
            try await fixture.expectFault(Keys.List(user: "bob", limit: 1, offset: 0), fixture.context(), .forbidden)
            try await fixture.expectFault(Keys.List(isAll: true, limit: 1, offset: 0), fixture.context(), .forbidden)
            let malformed = Keys.List(user: "a\u{8}", isAll: true, limit: 1, offset: 0)
            try await fixture.expectFault(malformed, Self.admin, .invalid)
            try await fixture.expectFault(Keys.Revoke(key: own.id), fixture.context(), .missing)
            try await fixture.expectFault(Keys.Change(key: own.id, name: "mine"), fixture.context(), .missing)
            try await fixture.expectFault(Keys.Change(key: own.id, role: .admin), fixture.context("bob"), .forbidden)
            try await fixture.expectFault(Keys.Create(name: "a"), CallContext(), .unauthorized)
            let other = try await fixture.bus.call(Keys.Create(name: "b", user: "bob", role: .admin), Self.admin).key
            #expect(other.user == "bob")
            #expect(other.role == .admin)
            try await fixture.expectFault(Keys.Change(key: other.id, name: "mine"), fixture.context("bob"), .forbidden)
            let all = try await fixture.bus.call(Keys.List(isAll: true, limit: 10, offset: 0), Self.admin)
            #expect(all.items.map(\.id) == [other.id, own.id])
            let changed = try await fixture.bus.call(Keys.Change(key: own.id, role: .admin), Self.admin)
            #expect(changed.role == .admin)
            #expect(changed.name == "own")
            _ = try await fixture.bus.call(Keys.Revoke(key: own.id), fixture.context("bob"))
        }
    }

    @Test func `a key with the role user can create no keys and revoke only itself`() async throws {
        try await Fixture.with { fixture in
            let one = try await fixture.bus.call(Keys.Create(name: "one"), fixture.context()).key
            let other = try await fixture.bus.call(Keys.Create(name: "other"), fixture.context()).key
            let context = CallContext(principal: one.principal)
            try await fixture.expectFault(Keys.Create(name: "more"), context, .forbidden)
            try await fixture.expectFault(Keys.Change(key: one.id, limits: APIKey.Limits()), context, .forbidden)
            try await fixture.expectFault(Keys.Revoke(key: other.id), context, .forbidden)
            let list = try await fixture.bus.call(Keys.List(limit: 10, offset: 0), context)
            #expect(list.total == 2)
            _ = try await fixture.bus.call(Keys.Revoke(key: one.id), context)
        }
    }

    @Test func `invalid keys are rejected, and so are more than 100 keys per user`() async throws {
        try await Fixture.with { fixture in
            let past = Timestamp(microseconds: Timestamp.now().microseconds - 1)
            let wrong = [
                Keys.Create(name: ""), Keys.Create(name: " \n"), Keys.Create(name: "a\u{7}"),
                Keys.Create(name: String(repeating: "a", count: 101)), Keys.Create(name: "a", expiresAt: past),
                Keys.Create(name: "a", expiresAt: Timestamp(microseconds: .max)),
                Keys.Create(name: "a", limits: APIKey.Limits(requestsPerMinute: 0)),
                Keys.Create(name: "a", limits: APIKey.Limits(concurrentRuns: -1)),
                Keys.Create(name: "a", limits: APIKey.Limits(requestsPerHour: .max)),
            ]
            for request in wrong { try await fixture.expectFault(request, fixture.context(), .invalid) }
            try await fixture.expectFault(Keys.Create(name: "a", user: "b\u{0}"), Self.admin, .invalid)
            for number in 0..<100 { _ = try await fixture.bus.call(Keys.Create(name: "\(number)"), fixture.context()) }
            try await fixture.expectFault(Keys.Create(name: "one more"), fixture.context(), .conflict)
            _ = try await fixture.bus.call(Keys.Create(name: "another's"), fixture.context("bob"))
        }
    }

    @Test func `the concurrent run limit of a key applies in addition to its user's limit`() async throws {
        try await Fixture.with { fixture in
            let limits = APIKey.Limits(concurrentRuns: 1)
            let key = try await fixture.bus.call(Keys.Create(name: "one", limits: limits), fixture.context()).key
            let context = CallContext(principal: key.principal)
            fixture.inference.play([.text("Well"), .hang])
            let one = try await fixture.open(another: true)
            let other = try await fixture.open(another: true)
            let hello = Message.Content(text: "Hello")
            let stream = try await fixture.bus.stream(Runs.Start(conversation: one.id, content: hello), context)
            let run = try #require(try await stream.nextBatch()?.first?.userMessage?.run)
            try await fixture.expectFault(
                Runs.Complete(Runs.Start(conversation: other.id, content: hello)),
                context,
                .limited
            )
            _ = try await fixture.bus.call(Runs.Cancel(conversation: one.id, run: run), fixture.context())
            fixture.inference.play([.text("Well."), .finish])
            let turn = try await fixture.bus.call(
                Runs.Complete(Runs.Start(conversation: other.id, content: hello)),
                context
            )
            #expect(turn.end.status == .completed)
        }
    }

    @Test func `watchers receive every change, no event for new keys, and regular heartbeats`()
        async throws
    {
        try await Fixture.with { fixture in
            let stream = try await fixture.bus.stream(Keys.Watch(), CallContext())
            defer { stream.close() }
            var events = stream.makeAsyncIterator()
            let first = try await events.next()
            #expect(first == Keys.Event(quotas: []))
            let key = try await fixture.bus.call(Keys.Create(name: "a"), fixture.context()).key
            _ = try await fixture.bus.call(Keys.Change(key: key.id, name: "b"), fixture.context())
            _ = try await fixture.bus.call(Keys.Revoke(key: key.id), fixture.context())
            var received: [Keys.Event] = []
            while received.filter({ $0.key != nil }).count < 2 || received.last != Keys.Event() {
                received.append(try #require(try await events.next()))
            }
            #expect(received.compactMap(\.key) == [key.id, key.id])
        }
    }

    @Test func `checking keys returns the existing ones`() async throws {
        try await Fixture.with { fixture in
            let one = try await fixture.bus.call(Keys.Create(name: "one"), fixture.context()).key
            let other = try await fixture.bus.call(Keys.Create(name: "other"), fixture.context("bob")).key
            let check = Keys.Check(keys: [one.id, other.id, APIKey.ID()])
            #expect(try await Set(fixture.bus.call(check, CallContext())) == [one, other])
            _ = try await fixture.bus.call(Keys.Revoke(key: one.id), fixture.context())
            #expect(try await fixture.bus.call(check, CallContext()).map(\.id) == [other.id])
            let many = Keys.Check(keys: Array(repeating: one.id, count: Keys.Check.limit + 1))
            try await fixture.expectFault(many, CallContext(), .invalid)
        }
    }

    @Test func `an open watch stream does not delay shutdown`() async throws {
        let watching = try await Fixture.with { fixture in
            let stream = try await fixture.bus.stream(Keys.Watch(), CallContext())
            _ = try await stream.nextBatch()
            return stream
        }
        while try await watching.nextBatch() != nil {}
    }
}
