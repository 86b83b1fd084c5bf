import Bus
import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// Repeated requests to create an API key.
@Suite(.timeLimit(.minutes(5)))
struct KeyRepeatTests {
    @Test func `repeated requests create one API key and return the same secret, also after a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let create = Keys.Create(name: " laptop ", limits: APIKey.Limits(requestsPerMinute: 5), key: "k")
            let first = try await Fixture.with(directory) { fixture in
                let created = try await concurrently(8) { _ in try await fixture.bus.call(create, fixture.context()) }
                #expect(Set(created).count == 1)
                let first = try #require(created.first)
                #expect(try await fixture.bus.call(Keys.List(limit: 10, offset: 0), fixture.context()).total == 1)
                let digest = try #require(KeySecret(first.secret)).digest
                #expect(try await fixture.bus.call(Keys.Find(digest: digest), CallContext()) == first.key)
                return first
            }
            try await waitForRelease(directory)
            let reader = try DatabaseQueue(path: directory + "/conversation.sqlite")
            let stored = try await reader.read { database in
                try ["api_keys", "request_keys"].flatMap { try Row.fetchAll(database, sql: "SELECT * FROM \($0)") }
                    .map(\.description)
            }
            #expect(stored.count == 2)
            #expect(!stored.joined().contains(first.secret.dropFirst(10)))
            try await Fixture.with(directory) { fixture in
                let renamed = Keys.Change(key: first.key.id, name: "new")
                _ = try await fixture.bus.call(renamed, fixture.context())
                let repeated = try await fixture.bus.call(create, fixture.context())
                #expect(repeated.secret == first.secret)
                #expect(repeated.key.name == "new")
            }
        }
    }

    @Test func `another request with the same idempotency key is rejected; another user's is another`() async throws {
        try await Fixture.with { fixture in
            let create = Keys.Create(name: "a", key: "k")
            let first = try await fixture.bus.call(create, fixture.context())
            var wrong = Array(repeating: create, count: 4)
            wrong[0].name = "b"
            wrong[1].limits.concurrentRuns = 1
            wrong[2].expiresAt = Timestamp(microseconds: Timestamp.now().microseconds + 60_000_000)
            for request in wrong.prefix(3) { try await fixture.expectFault(request, fixture.context(), .keyReused) }
            wrong[3].user = "bob"
            _ = try await fixture.bus.call(wrong[3], Fixture.admin)
            wrong[3].role = .admin
            try await fixture.expectFault(wrong[3], Fixture.admin, .keyReused)
            let other = try await fixture.bus.call(create, fixture.context("bob"))
            #expect(other.key.id != first.key.id)
            #expect(other.secret != first.secret)
            var again = create
            again.key = "l"
            #expect(try await fixture.bus.call(again, fixture.context()).key.id != first.key.id)
        }
    }

    @Test func `a repeat that asks for the same lifetime is the same request`() async throws {
        try await withSQLiteStore { store in
            let moment = Timestamp.now()
            let created = try await concurrently(5) { number in
                let now = Timestamp(microseconds: moment.microseconds + Int64(number) * 3_000_000)
                let end = Timestamp(microseconds: now.microseconds + 3_600_000_000 + Int64(number))
                return try await handlers(store, now: now).create(
                    Keys.Create(name: "a", expiresAt: end, key: "k"),
                    CallContext(principal: Principal(user: "alice"))
                )
            }
            #expect(Set(created).count == 1)
        }
    }

    @Test func `the API key of a repeat that was revoked is a conflict`() async throws {
        try await Fixture.with { fixture in
            let create = Keys.Create(name: "a", key: "k")
            let id = try await fixture.bus.call(create, fixture.context()).key.id
            _ = try await fixture.bus.call(Keys.Revoke(key: id), fixture.context())
            try await fixture.expectFault(create, fixture.context(), .conflict)
            #expect(try await fixture.bus.call(Keys.List(limit: 10, offset: 0), fixture.context()).total == 0)
        }
    }

    @Test func `the secret cannot be shown again after BUS_TOKEN was changed`() async throws {
        try await withSQLiteStore { store in
            let context = CallContext(principal: Principal(user: "alice"))
            let create = Keys.Create(name: "a", key: "k")
            let id = try await handlers(store).create(create, context).key.id
            let fault = await #expect(throws: Fault.self) {
                try await handlers(store, token: "another-secret-of-the-bus").create(create, context)
            }
            #expect(fault?.code == .conflict)
            #expect(fault?.message.contains("\(id)") == true)
            #expect(fault?.message.contains("BUS_TOKEN") == true)
        }
    }

    @Test func `a repeat is answered although the user has the maximum number of API keys`() async throws {
        try await withSQLiteStore { store in
            let context = CallContext(principal: Principal(user: "alice"))
            let create = Keys.Create(name: "a", key: "k")
            let first = try await handlers(store).create(create, context)
            for _ in 1..<KeyHandlers.limit { _ = try await handlers(store).create(Keys.Create(name: "b"), context) }
            #expect(try await handlers(store).create(create, context) == first)
        }
    }

    private func handlers(
        _ store: SQLiteStore,
        token: String = Fixture.token,
        now: Timestamp = .now()
    ) async throws -> KeyHandlers {
        let cache = AccessCache(try await store.accessState())
        return KeyHandlers(store: store, accessCache: cache, busToken: token, now: { now })
    }
}
