import Contracts
import Testing

@testable import ConversationService

/// What every ``KeyStore`` must do; each case needs a new store.
enum KeyStoreSuite: String, CaseIterable {
    case `a key is found by its digest and listed newest first`
    case `concurrent creations never exceed the limit per user`
    case `of concurrent requests with one idempotency key one creates a key`
    case `the idempotency key of another sender is another one`
    case `only its owner and admins change a key`
    case `only its owner and admins revoke a key, and its quota ends with it`
    case `the last use is stored`
    case `a quota is replaced, and an empty one removes it`
    case `a quota needs an existing key`
    case `the change with the highest number is the stored one`
    case `the state of all keys and quotas is complete`

    private static let alice = Principal(user: "alice")
    private static let admin = Principal(user: "root", role: .admin)

    func check(_ store: any KeyStore) async throws {
        switch self {
        case .`a key is found by its digest and listed newest first`: try await find(store)
        case .`concurrent creations never exceed the limit per user`: try await limit(store)
        case .`of concurrent requests with one idempotency key one creates a key`: try await repeated(store)
        case .`the idempotency key of another sender is another one`: try await otherSender(store)
        case .`only its owner and admins change a key`: try await change(store)
        case .`only its owner and admins revoke a key, and its quota ends with it`: try await revoke(store)
        case .`the last use is stored`: try await use(store)
        case .`a quota is replaced, and an empty one removes it`: try await quota(store)
        case .`a quota needs an existing key`: try await quotaOfKey(store)
        case .`the change with the highest number is the stored one`: try await order(store)
        case .`the state of all keys and quotas is complete`: try await state(store)
        }
    }

    private func find(_ store: any KeyStore) async throws {
        let keys = [NewKey.sample(name: "one"), .sample(name: "two"), .sample(name: "three", user: "bob")]
        for key in keys { _ = try await store.createKey(key, limit: 10).get() }
        #expect(try await store.findKey(digest: keys[0].digest) == keys[0].key)
        #expect(try await store.findKey(digest: KeySecret().digest) == nil)
        #expect(try await store.listKeys(of: "alice", limit: 10, offset: 0).items.map(\.name) == ["two", "one"])
        let page = try await store.listKeys(of: nil, limit: 1, offset: 1)
        #expect(page.items == [keys[1].key])
        #expect(page.total == 3)
        let found = try await store.findKeys([keys[2].key.id, APIKey.ID(), keys[0].key.id])
        #expect(Set(found) == [keys[0].key, keys[2].key])
    }

    private func limit(_ store: any KeyStore) async throws {
        let outcomes = try await concurrently(20) { _ in try await store.createKey(.sample(), limit: 7) }
        let refusals = outcomes.compactMap { outcome in
            if case .failure(let fault) = outcome { fault } else { nil }
        }
        #expect(refusals.count == 13)
        #expect(refusals.allSatisfy { $0.code == .conflict })
        #expect(try await store.listKeys(of: "alice", limit: 100, offset: 0).total == 7)
        _ = try await store.createKey(.sample(user: "bob"), limit: 7).get()
    }

    private func repeated(_ store: any KeyStore) async throws {
        let requests = (0..<12).map { _ in NewKey.sample(sender: "alice", idempotencyKey: "k") }
        let outcomes = try await concurrently(12) { try await store.createKey(requests[$0], limit: 1).get() }
        let created = outcomes.compactMap { if case .created(let change) = $0 { change.value } else { nil } }
        let repeated = outcomes.compactMap { if case .repeated(let repeated) = $0 { repeated } else { nil } }
        #expect(created.count == 1)
        #expect(repeated.count == 11)
        let first = try #require(requests.first { $0.key == created.first })
        #expect(repeated.allSatisfy { $0.key == first.key && $0.digest == first.digest })
        #expect(repeated.allSatisfy { $0.record == first.request?.record })
        #expect(try await store.listKeys(of: nil, limit: 10, offset: 0).items == [first.key])
        _ = try await store.revokeKey(first.key.id, by: Self.alice).get()
        guard case .repeated(let revoked) = try await store.createKey(requests[0], limit: 1).get() else {
            Issue.record("The key of a revoked key was stored again.")
            return
        }
        #expect(revoked.key == nil)
        #expect(revoked.digest == nil)
    }

    private func otherSender(_ store: any KeyStore) async throws {
        for sender in ["alice", "bob", "root"] {
            let outcome = try await store.createKey(.sample(sender: sender, idempotencyKey: "k"), limit: 10).get()
            guard case .created = outcome else {
                Issue.record("\(sender) received the key of another sender.")
                return
            }
        }
    }

    private func change(_ store: any KeyStore) async throws {
        let (own, other) = (NewKey.sample().key, NewKey.sample(role: .admin).key)
        for key in [own, other] {
            _ = try await store.createKey(NewKey(key: key, digest: KeySecret().digest), limit: 10).get()
        }
        let rename = KeyChange(name: "new", limits: APIKey.Limits(concurrentRuns: 3))
        try await expect(.missing) { try await store.changeKey(own.id, rename, by: Principal(user: "bob")) }
        try await expect(.missing) { try await store.changeKey(APIKey.ID(), rename, by: Self.admin) }
        try await expect(.forbidden) { try await store.changeKey(other.id, rename, by: Self.alice) }
        let first = try await store.changeKey(own.id, rename, by: Self.alice).get()
        #expect(first.value.name == "new")
        #expect(first.value.role == own.role)
        #expect(first.value.limits.concurrentRuns == 3)
        let second = try await store.changeKey(own.id, KeyChange(role: .admin), by: Self.admin).get()
        #expect(second.number > first.number)
        #expect(try await store.findKeys([own.id]) == [second.value])
        #expect(second.value.name == "new")
    }

    private func revoke(_ store: any KeyStore) async throws {
        let new = NewKey.sample()
        let id = new.key.id
        _ = try await store.createKey(new, limit: 10).get()
        let set = try await store.setQuota(Quota(period: .day, requests: 1), for: .key(id), at: .now()).get()
        try await expect(.missing) { try await store.revokeKey(id, by: Principal(user: "bob")) }
        let revoked = try await store.revokeKey(id, by: Self.admin).get()
        #expect(revoked.value == new.key)
        #expect(revoked.number > set.number)
        #expect(try await store.findKey(digest: new.digest) == nil)
        #expect(try await store.accessState().limited.isEmpty)
        try await expect(.missing) { try await store.revokeKey(id, by: Self.admin) }
        try await expect(.missing) { try await store.changeKey(id, KeyChange(name: "a"), by: Self.admin) }
        try await expect(.missing) { try await store.quotaStatus(of: .key(id), for: Self.admin, at: .now()) }
    }

    private func use(_ store: any KeyStore) async throws {
        let new = NewKey.sample()
        _ = try await store.createKey(new, limit: 10).get()
        try await store.recordUse(of: new.key.id, at: Timestamp(microseconds: 7))
        try await store.recordUse(of: APIKey.ID(), at: Timestamp(microseconds: 7))
        #expect(try await store.findKey(digest: new.digest)?.lastUsedAt == Timestamp(microseconds: 7))
    }

    private func quota(_ store: any KeyStore) async throws {
        let subject = Quota.Subject.user("alice")
        let quotas = [Quota(period: .day, requests: 5, cost: 6), Quota(period: .month, tokens: 7, concurrentRuns: 8)]
        for quota in quotas {
            let status = try await store.setQuota(quota, for: subject, at: .now()).get().value
            #expect(status.quota == quota)
            #expect(status.used == Usage.Total())
            #expect(try await store.quotaStatus(of: subject, for: Self.alice, at: .now()).get() == status)
        }
        #expect(try await store.setQuota(Quota(period: .day), for: subject, at: .now()).get().value.quota == nil)
        #expect(try await store.accessState().limited.isEmpty)
    }

    private func quotaOfKey(_ store: any KeyStore) async throws {
        let quota = Quota(period: .day, requests: 1)
        try await expect(.missing) { try await store.setQuota(quota, for: .key(APIKey.ID()), at: .now()) }
        let new = NewKey.sample()
        _ = try await store.createKey(new, limit: 10).get()
        let subject = Quota.Subject.key(new.key.id)
        _ = try await store.setQuota(quota, for: subject, at: .now()).get()
        #expect(try await store.quotaStatus(of: subject, for: Self.alice, at: .now()).get().quota == quota)
        try await expect(.missing) {
            try await store.quotaStatus(of: subject, for: Principal(user: "bob"), at: .now())
        }
    }

    private func order(_ store: any KeyStore) async throws {
        let subject = Quota.Subject.user("alice")
        for _ in 0..<20 {
            let changes = try await concurrently(8) { number in
                let quota = Quota(period: .day, requests: number.isMultiple(of: 2) ? number : nil)
                return try await store.setQuota(quota, for: subject, at: .now()).get()
            }
            #expect(Set(changes.map(\.number)).count == 8)
            let last = try #require(changes.max { $0.number < $1.number })
            #expect(try await store.quotaStatus(of: subject, for: Self.alice, at: .now()).get() == last.value)
        }
    }

    private func state(_ store: any KeyStore) async throws {
        let limited = NewKey.sample(limits: APIKey.Limits(concurrentRuns: 4))
        _ = try await store.createKey(.sample(), limit: 10).get()
        _ = try await store.createKey(limited, limit: 10).get()
        let subjects: [Quota.Subject] = [.user("alice"), .key(limited.key.id)]
        var last = 0
        for subject in subjects {
            last = try await store.setQuota(Quota(period: .day, requests: 1), for: subject, at: .now()).get().number
        }
        let expected = AccessState(limited: Set(subjects), runLimits: [limited.key.id: 4], lastChange: last)
        #expect(try await store.accessState() == expected)
    }

    private func expect<Value>(
        _ code: Fault.Code,
        location: SourceLocation = #_sourceLocation,
        _ verb: () async throws -> Result<Value, Fault>
    ) async throws {
        switch try await verb() {
        case .success: Issue.record("The request was not refused.", sourceLocation: location)
        case .failure(let fault): #expect(fault.code == code, sourceLocation: location)
        }
    }
}
