import Bus
import Contracts
import GRDB
import TestSupport
import Testing

/// Who may make, see, change and revoke which API key.
@Suite(.timeLimit(.minutes(1)))
struct KeyTests {
    private static let admin = CallContext(principal: Principal(user: "root", role: .admin))

    @Test func `a key is shown once, is found by its digest, and its secret is nowhere on the disk`() async throws {
        try await Stage.with { stage in
            let limits = APIKey.Limits(requestsPerMinute: 5, requestsPerHour: nil, concurrentRuns: 2)
            let end = Timestamp(microseconds: Timestamp.now().microseconds + 60_000_000)
            let created = try await stage.bus.call(
                Keys.Create(name: " laptop ", limits: limits, expiresAt: end),
                stage.context()
            )
            let secret = try #require(KeySecret(created.secret))
            #expect(created.key.name == "laptop")
            #expect(created.key.user == "alice")
            #expect(created.key.role == .user)
            #expect(created.key.limits == limits)
            #expect(created.key.expiresAt == end)
            let found = try await stage.bus.call(Keys.Find(digest: secret.digest), CallContext())
            #expect(found == created.key)
            let list = try await stage.bus.call(Keys.List(limit: 10, offset: 0), stage.context())
            #expect(list.items.map(\.id) == [found.id])
            #expect(list.items.first?.lastUsedAt != nil)
            let reader = try DatabaseQueue(path: stage.directory + "/conversation.sqlite")
            let rows = try await reader.read { try Row.fetchAll($0, sql: "SELECT * FROM api_keys").map(\.description) }
            #expect(rows.count == 1)
            #expect(!rows.joined().contains(created.secret.dropFirst(10)))
        }
    }

    @Test func `a revoked key is found no more, and what is not there is missing`() async throws {
        try await Stage.with { stage in
            let created = try await stage.bus.call(Keys.Create(name: "a"), stage.context())
            let digest = try #require(KeySecret(created.secret)).digest
            let revoked = try await stage.bus.call(Keys.Revoke(key: created.key.id), stage.context())
            #expect(revoked.id == created.key.id)
            try await stage.refuses(Keys.Find(digest: digest), CallContext(), .missing)
            try await stage.refuses(Keys.Revoke(key: created.key.id), stage.context(), .missing)
            try await stage.refuses(Keys.Find(digest: KeySecret().digest), CallContext(), .missing)
            for wrong in ["", "' OR 1=1 --", digest.uppercased(), digest + "0"] {
                try await stage.refuses(Keys.Find(digest: wrong), CallContext(), .invalid)
            }
        }
    }

    @Test func `users see to their own keys, and no key is above its maker`() async throws {
        try await Stage.with { stage in
            let own = try await stage.bus.call(Keys.Create(name: "own"), stage.context("bob")).key
            try await stage.refuses(Keys.Create(name: "a", role: .admin), stage.context(), .forbidden)
            try await stage.refuses(Keys.Create(name: "a", user: "bob"), stage.context(), .forbidden)
            try await stage.refuses(Keys.List(user: "bob", limit: 1, offset: 0), stage.context(), .forbidden)
            try await stage.refuses(Keys.List(isAll: true, limit: 1, offset: 0), stage.context(), .forbidden)
            try await stage.refuses(Keys.Revoke(key: own.id), stage.context(), .missing)
            try await stage.refuses(Keys.Change(key: own.id, name: "mine"), stage.context(), .missing)
            try await stage.refuses(Keys.Change(key: own.id, role: .admin), stage.context("bob"), .forbidden)
            try await stage.refuses(Keys.Create(name: "a"), CallContext(), .unauthorized)
            let other = try await stage.bus.call(Keys.Create(name: "b", user: "bob", role: .admin), Self.admin).key
            #expect(other.user == "bob")
            #expect(other.role == .admin)
            try await stage.refuses(Keys.Change(key: other.id, name: "mine"), stage.context("bob"), .forbidden)
            let all = try await stage.bus.call(Keys.List(isAll: true, limit: 10, offset: 0), Self.admin)
            #expect(all.items.map(\.id) == [other.id, own.id])
            let changed = try await stage.bus.call(Keys.Change(key: own.id, role: .admin), Self.admin)
            #expect(changed.role == .admin)
            #expect(changed.name == "own")
            _ = try await stage.bus.call(Keys.Revoke(key: own.id), stage.context("bob"))
        }
    }

    @Test func `a user's key makes no keys, and revokes none but itself`() async throws {
        try await Stage.with { stage in
            let one = try await stage.bus.call(Keys.Create(name: "one"), stage.context()).key
            let other = try await stage.bus.call(Keys.Create(name: "other"), stage.context()).key
            let context = CallContext(principal: one.principal)
            try await stage.refuses(Keys.Create(name: "more"), context, .forbidden)
            try await stage.refuses(Keys.Change(key: one.id, limits: APIKey.Limits()), context, .forbidden)
            try await stage.refuses(Keys.Revoke(key: other.id), context, .forbidden)
            let list = try await stage.bus.call(Keys.List(limit: 10, offset: 0), context)
            #expect(list.total == 2)
            _ = try await stage.bus.call(Keys.Revoke(key: one.id), context)
        }
    }

    @Test func `what makes no sense is refused, and so are more keys than anybody needs`() async throws {
        try await Stage.with { stage in
            let past = Timestamp(microseconds: Timestamp.now().microseconds - 1)
            let wrong = [
                Keys.Create(name: ""), Keys.Create(name: " \n"), Keys.Create(name: "a\u{7}"),
                Keys.Create(name: String(repeating: "a", count: 101)), Keys.Create(name: "a", expiresAt: past),
                Keys.Create(name: "a", expiresAt: Timestamp(microseconds: .max)),
                Keys.Create(name: "a", limits: APIKey.Limits(requestsPerMinute: 0)),
                Keys.Create(name: "a", limits: APIKey.Limits(concurrentRuns: -1)),
                Keys.Create(name: "a", limits: APIKey.Limits(requestsPerHour: .max)),
            ]
            for request in wrong { try await stage.refuses(request, stage.context(), .invalid) }
            try await stage.refuses(Keys.Create(name: "a", user: "b\u{0}"), Self.admin, .invalid)
            for number in 0..<100 { _ = try await stage.bus.call(Keys.Create(name: "\(number)"), stage.context()) }
            try await stage.refuses(Keys.Create(name: "one more"), stage.context(), .conflict)
            _ = try await stage.bus.call(Keys.Create(name: "another's"), stage.context("bob"))
        }
    }

    @Test func `a key's own limit of answers at once holds beside its user's`() async throws {
        try await Stage.with { stage in
            let limits = APIKey.Limits(concurrentRuns: 1)
            let key = try await stage.bus.call(Keys.Create(name: "one", limits: limits), stage.context()).key
            let context = CallContext(principal: key.principal)
            stage.inference.play([.text("Well"), .hang])
            let one = try await stage.open(another: true)
            let other = try await stage.open(another: true)
            let hello = Message.Content(text: "Hello")
            let stream = try await stage.bus.stream(Runs.Start(conversation: one.id, content: hello), context)
            let run = try #require(try await stream.nextBatch()?.first?.userMessage?.run)
            try await stage.refuses(
                Runs.Complete(Runs.Start(conversation: other.id, content: hello)),
                context,
                .limited
            )
            _ = try await stage.bus.call(Runs.Cancel(conversation: one.id, run: run), stage.context())
            stage.inference.play([.text("Well."), .finish])
            let turn = try await stage.bus.call(
                Runs.Complete(Runs.Start(conversation: other.id, content: hello)),
                context
            )
            #expect(turn.end.status == .completed)
        }
    }

    @Test func `watchers hear of every change, of no key that is new, and several times a second that there is none`()
        async throws
    {
        try await Stage.with { stage in
            let stream = try await stage.bus.stream(Keys.Watch(), CallContext())
            defer { stream.close() }
            var news = stream.makeAsyncIterator()
            let first = try await news.next()
            #expect(first == Keys.Event(quotas: []))
            let key = try await stage.bus.call(Keys.Create(name: "a"), stage.context()).key
            _ = try await stage.bus.call(Keys.Change(key: key.id, name: "b"), stage.context())
            _ = try await stage.bus.call(Keys.Revoke(key: key.id), stage.context())
            var heard: [Keys.Event] = []
            while heard.filter({ $0.key != nil }).count < 2 || heard.last != Keys.Event() {
                heard.append(try #require(try await news.next()))
            }
            #expect(heard.compactMap(\.key) == [key.id, key.id])
        }
    }

    @Test func `keys are looked at again by their ids, and those that are gone are left out`() async throws {
        try await Stage.with { stage in
            let one = try await stage.bus.call(Keys.Create(name: "one"), stage.context()).key
            let other = try await stage.bus.call(Keys.Create(name: "other"), stage.context("bob")).key
            let check = Keys.Check(keys: [one.id, other.id, APIKey.ID()])
            #expect(try await Set(stage.bus.call(check, CallContext())) == [one, other])
            _ = try await stage.bus.call(Keys.Revoke(key: one.id), stage.context())
            #expect(try await stage.bus.call(check, CallContext()).map(\.id) == [other.id])
            let many = Keys.Check(keys: Array(repeating: one.id, count: Keys.Check.limit + 1))
            try await stage.refuses(many, CallContext(), .invalid)
        }
    }

    @Test func `a stream of news does not hold up the end of the service`() async throws {
        let watching = try await Stage.with { stage in
            let stream = try await stage.bus.stream(Keys.Watch(), CallContext())
            _ = try await stream.nextBatch()
            return stream
        }
        while try await watching.nextBatch() != nil {}
    }
}
