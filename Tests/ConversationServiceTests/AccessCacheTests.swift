import Bus
import Contracts
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import ConversationService

/// The cache and the gateways have the state that was committed last.
@Suite(.timeLimit(.minutes(1)))
struct AccessCacheTests {
    private static let alice = Principal(user: "alice")

    private static func empty() -> AccessCache {
        AccessCache(AccessState(limited: [], runLimits: [:], lastChange: 0))
    }

    private static func quota(_ number: Int, isLimited: Bool) -> AccessChange<Quotas.Status> {
        let status = Quotas.Status(
            subject: .user("alice"),
            quota: isLimited ? Quota(period: .day, requests: number) : nil,
            used: Usage.Total(),
            reserved: Usage.Total(),
            resetsAt: Timestamp(microseconds: 0)
        )
        return AccessChange(value: status, number: number)
    }

    @Test(arguments: [true, false])
    func `of two changes of a quota the later commit counts, in both orders`(_ isLimited: Bool) async throws {
        let (first, second) = (Self.quota(1, isLimited: !isLimited), Self.quota(2, isLimited: isLimited))
        for changes in [[first, second], [second, first]] {
            let cache = Self.empty()
            let stream = try cache.watch()
            for change in changes { cache.didSetQuota(change) }
            #expect(cache.isLimited(Self.alice) == isLimited)
            // A gateway applies the events one after the other.
            let last = try await Self.events(of: cache, stream).last { $0.limited != nil || $0.unlimited != nil }
            #expect((last?.limited != nil) == isLimited)
        }
    }

    @Test func `a revoked key stays revoked when an earlier change arrives later`() async throws {
        let cache = Self.empty()
        var key = NewKey.sample(limits: APIKey.Limits(concurrentRuns: 1)).key
        cache.didCreate(AccessChange(value: key, number: 1))
        #expect(cache.runLimit(of: key.id) == 1)
        let stream = try cache.watch()
        cache.didRevoke(AccessChange(value: key, number: 4))
        key.limits.concurrentRuns = 5
        cache.didChange(AccessChange(value: key, number: 2))
        var quota = Self.quota(3, isLimited: true)
        quota = AccessChange(
            value: Quotas.Status(
                subject: .key(key.id),
                quota: quota.value.quota,
                used: Usage.Total(),
                reserved: Usage.Total(),
                resetsAt: quota.value.resetsAt
            ),
            number: 3
        )
        cache.didSetQuota(quota)
        #expect(cache.runLimit(of: key.id) == nil)
        #expect(!cache.isLimited(Principal(user: "bob", key: key.id)))
        let events = try await Self.events(of: cache, stream)
        let changes = events.filter { $0.key != nil || $0.limited != nil }
        #expect(changes == [Keys.Event(key: key.id, unlimited: .key(key.id))])
    }

    @Test func `of two changes of a key's limit the later commit counts, in both orders`() {
        var (first, second) = (NewKey.sample().key, NewKey.sample().key)
        second.id = first.id
        (first.limits.concurrentRuns, second.limits.concurrentRuns) = (1, nil)
        let changes = [AccessChange(value: first, number: 1), AccessChange(value: second, number: 2)]
        for changes in [changes, changes.reversed()] {
            let cache = Self.empty()
            for change in changes { cache.didChange(change) }
            #expect(cache.runLimit(of: first.id) == nil)
        }
    }

    @Test func `a key that is changed before its creation is known has the changed limit`() {
        let cache = Self.empty()
        var key = NewKey.sample(limits: APIKey.Limits(concurrentRuns: 1)).key
        let created = AccessChange(value: key, number: 1)
        key.limits.concurrentRuns = 2
        cache.didChange(AccessChange(value: key, number: 2))
        cache.didCreate(created)
        #expect(cache.runLimit(of: key.id) == 2)
    }

    @Test func `a key that a repeated request found has its limit, unless a change of it is known`() {
        let cache = Self.empty()
        var key = NewKey.sample(limits: APIKey.Limits(concurrentRuns: 1)).key
        cache.didFind(key)
        #expect(cache.runLimit(of: key.id) == 1)
        let found = key
        key.limits.concurrentRuns = nil
        cache.didChange(AccessChange(value: key, number: 2))
        cache.didFind(found)
        #expect(cache.runLimit(of: key.id) == nil)
    }

    @Test func `after concurrent changes of one quota the cache and the watchers have the state that was stored last`()
        async throws
    {
        try await withSQLiteStore { store in
            let cache = AccessCache(try await store.accessState())
            let stream = try cache.watch()
            let handlers = try QuotaHandlers.sample(store, cache)
            var expected: Set<Quota.Subject> = []
            for round in 0..<100 {
                let subject = Quota.Subject.user("user \(round)")
                _ = try await concurrently(8) { number in
                    let quota = Quota(period: .day, requests: number.isMultiple(of: 2) ? number : nil)
                    return try await handlers.set(Quotas.Set(subject: subject, quota: quota), Fixture.admin)
                }
                if try await store.accessState().limited.contains(subject) { expected.insert(subject) }
                #expect(cache.isLimited(Principal(user: "user \(round)")) == expected.contains(subject))
            }
            var watched: Set<Quota.Subject> = []
            for event in try await Self.events(of: cache, stream) {
                if let subject = event.limited { watched.insert(subject) }
                if let subject = event.unlimited { watched.remove(subject) }
            }
            #expect(watched == expected)
        }
    }

    @Test func `a change whose outcome is unknown invalidates the key and counts the quota as set`() async throws {
        try await withSQLiteStore { store in
            let cache = AccessCache(try await store.accessState())
            let stream = try cache.watch()
            let failing = FailingKeyStore(store: store)
            let quotas = try QuotaHandlers.sample(store, cache, keyStore: failing)
            let keys = KeyHandlers(store: failing, accessCache: cache, busToken: Fixture.token)
            let key = try await keys.create(Keys.Create(name: "a"), CallContext(principal: Self.alice)).key
            let set = Quotas.Set(subject: .user("alice"), quota: Quota(period: .day, requests: 1))
            await #expect(throws: Fault.self) { try await quotas.set(set, Fixture.admin) }
            await #expect(throws: Fault.self) { try await keys.revoke(Keys.Revoke(key: key.id), Fixture.admin) }
            await #expect(throws: Fault.self) { try await keys.change(Keys.Change(key: key.id), Fixture.admin) }
            #expect(cache.isLimited(Self.alice))
            let events = try await Self.events(of: cache, stream)
            #expect(events.compactMap(\.key) == [key.id, key.id])
            #expect(events.compactMap(\.limited) == [.user("alice")])
        }
    }

    /// Returns the events of a watcher so far.
    private static func events(
        of cache: AccessCache,
        _ stream: ElementStream<Keys.Event>
    ) async throws -> [Keys.Event] {
        let marker = APIKey.ID()
        cache.mayHaveChanged(.key(marker))
        var events: [Keys.Event] = []
        while let batch = try await stream.nextBatch() {
            for event in batch {
                if event.key == marker { return events }
                events.append(event)
            }
        }
        return events
    }
}
