import Contracts
import Testing

@testable import ConversationService

/// What every ``UsageStore`` must do, also with ``MaintenanceStore``; each case needs a new store.
enum UsageStoreSuite: String, CaseIterable {
    case `a batch is counted once`
    case `a report is grouped and limited`
    case `without a quota nothing is reserved, with and without an estimate`
    case `a quota that is set after the estimate was skipped demands one`
    case `concurrent reservations never exceed a quota`
    case `a repeated reservation reserves nothing more`
    case `a settlement has an effect once`
    case `expired reservations count as used`
    case `expired rows are deleted in batches`

    typealias Store = KeyStore & UsageStore & MaintenanceStore

    func check(_ store: any Store) async throws {
        switch self {
        case .`a batch is counted once`: try await batch(store)
        case .`a report is grouped and limited`: try await report(store)
        case .`without a quota nothing is reserved, with and without an estimate`: try await unlimited(store)
        case .`a quota that is set after the estimate was skipped demands one`: try await needsEstimate(store)
        case .`concurrent reservations never exceed a quota`: try await concurrent(store)
        case .`a repeated reservation reserves nothing more`: try await repeated(store)
        case .`a settlement has an effect once`: try await settle(store)
        case .`expired reservations count as used`: try await expire(store)
        case .`expired rows are deleted in batches`: try await delete(store)
        }
    }

    private func batch(_ store: any Store) async throws {
        let batch = Usage.Record.ID()
        _ = try await concurrently(8) { _ in
            try await store.recordUsage([Self.entry(), Self.entry(user: "bob")], batch: batch, at: .now())
        }
        #expect(try await status(store).used.requests == 1)
        try await store.recordUsage([Self.entry()], batch: Usage.Record.ID(), at: .now())
        #expect(try await status(store).used.requests == 2)
    }

    private func report(_ store: any Store) async throws {
        let today = Day(.now())
        let entries = [
            Self.entry(), Self.entry(model: "b/c"), Self.entry(day: Day(number: today.number - 1)),
            Self.entry(user: "bob"),
        ]
        try await store.recordUsage(entries, batch: Usage.Record.ID(), at: .now())
        var report = Usage.Report(from: today, to: today, groups: [.user, .model])
        let lines = try await store.usageReport(report, of: nil, limit: 10)
        #expect(lines.map(\.user) == ["alice", "bob", "alice"])
        #expect(lines.map(\.model) == ["a/b", "a/b", "b/c"])
        #expect(try await store.usageReport(report, of: nil, limit: 2).count == 2)
        report.groups = []
        #expect(try await store.usageReport(report, of: "alice", limit: 10).map(\.total.requests) == [2])
        report.from = Day(number: today.number - 1)
        #expect(try await store.usageReport(report, of: "alice", limit: 10).map(\.total.requests) == [3])
    }

    private func unlimited(_ store: any Store) async throws {
        for usageRequest in [nil, Self.usageRequest] {
            guard case .unlimited = try await store.reserve(usageRequest, as: .sample()) else {
                Issue.record("Usage was reserved without a quota.")
                return
            }
        }
        _ = try await store.setQuota(Quota(period: .day, requests: 1), for: .user("bob"), at: .now()).get()
        guard case .unlimited = try await store.reserve(nil, as: .sample()) else {
            Issue.record("The quota of another user was applied.")
            return
        }
        #expect(try await status(store).reserved == Usage.Total())
    }

    private func needsEstimate(_ store: any Store) async throws {
        try await setQuota(Quota(period: .day, requests: 1), store)
        let reservation = StoredReservation.sample()
        guard case .needsEstimate = try await store.reserve(nil, as: reservation) else {
            Issue.record("A quota was bypassed.")
            return
        }
        #expect(try await status(store).reserved == Usage.Total())
        guard case .reserved = try await store.reserve(Self.usageRequest, as: reservation),
            case .rejected(let fault) = try await store.reserve(Self.usageRequest, as: .sample())
        else {
            Issue.record("The quota was not applied once.")
            return
        }
        #expect(fault.code == .quotaExceeded)
    }

    private func concurrent(_ store: any Store) async throws {
        // Each call reserves 10 + 20 tokens.
        try await setQuota(Quota(period: .day, tokens: 210), store)
        let outcomes = try await concurrently(30) { _ in try await store.reserve(Self.usageRequest, as: .sample()) }
        #expect(outcomes.filter { if case .reserved = $0 { true } else { false } }.count == 7)
        #expect(try await status(store).reserved.tokens == 210)
    }

    private func repeated(_ store: any Store) async throws {
        try await setQuota(Quota(period: .day, tokens: 1000), store)
        let reservation = StoredReservation.sample()
        let outcomes = try await concurrently(8) { number in
            try await store.reserve(number == 0 ? nil : Self.usageRequest, as: reservation)
        }
        let limits = outcomes.compactMap { if case .reserved(let limit) = $0 { limit } else { nil } }
        #expect(limits.count >= 7)
        #expect(limits.allSatisfy { $0 == 20 })
        guard case .reserved = try await store.reserve(nil, as: reservation) else {
            Issue.record("The reservation was not found.")
            return
        }
        #expect(try await status(store).reserved.requests == 1)
    }

    private func settle(_ store: any Store) async throws {
        try await setQuota(Quota(period: .day, requests: 10), store)
        let ids = [Quotas.Reservation.ID(), Quotas.Reservation.ID()]
        for id in ids { _ = try await store.reserve(Self.usageRequest, as: .sample(id: "\(id)")) }
        #expect(try await store.reservedModels(ids + [Quotas.Reservation.ID()]) == [ids[0]: "a/b", ids[1]: "a/b"])
        let usage = Usage(promptTokens: 5, completionTokens: 6, isEstimated: false, cost: 7)
        let settlements = [
            Quotas.Settlement(reservation: ids[0], model: "b/c", usage: usage),
            Quotas.Settlement(reservation: ids[1], model: "", usage: nil),
            Quotas.Settlement(reservation: Quotas.Reservation.ID(), model: "b/c", usage: usage),
        ]
        _ = try await concurrently(4) { _ in try await store.settle(settlements, at: .now()) }
        let status = try await status(store)
        #expect(status.used == Usage.Total(usage))
        #expect(status.reserved == Usage.Total())
    }

    private func expire(_ store: any Store) async throws {
        try await setQuota(Quota(period: .day, requests: 10), store)
        let now = Timestamp.now()
        for number in 0..<5 {
            let end = Timestamp(microseconds: number < 3 ? now.microseconds : now.microseconds + 1)
            _ = try await store.reserve(Self.usageRequest, as: .sample(expiresAt: end))
        }
        _ = try await store.reserve(Self.usageRequest, as: .sample(expiresAt: nil))
        #expect(try await store.settleExpired(at: now, limit: 2) == 2)
        #expect(try await store.settleExpired(at: now, limit: 2) == 1)
        #expect(try await store.settleExpired(at: now, limit: 2) == 0)
        let status = try await status(store)
        #expect(status.used.requests == 3)
        #expect(status.used.tokens == 90)
        #expect(status.used.estimatedTokens == 90)
        #expect(status.reserved.requests == 3)
    }

    private func delete(_ store: any Store) async throws {
        let now = Timestamp.now()
        let today = Day(now)
        for age in 0..<5 {
            let moment = Timestamp(microseconds: now.microseconds - Int64(age))
            let entry = Self.entry(day: Day(number: today.number - age))
            try await store.recordUsage([entry], batch: Usage.Record.ID(), at: moment)
            var new = NewKey.sample(idempotencyKey: "\(age)")
            new.key.createdAt = moment
            _ = try await store.createKey(new, limit: 10).get()
        }
        let last = Timestamp(microseconds: now.microseconds - 2)
        for deleted in [2, 1, 0] {
            #expect(try await store.deleteUsageBatches(storedUntil: last, limit: 2) == deleted)
            #expect(try await store.deleteRequestKeys(storedUntil: last, limit: 2) == deleted)
            #expect(try await store.deleteUsage(before: Day(number: today.number - 1), limit: 2) == deleted)
        }
        let report = Usage.Report(from: Day(number: today.number - 9), to: today, groups: [])
        #expect(try await store.usageReport(report, of: nil, limit: 10).map(\.total.requests) == [2])
        guard case .repeated = try await store.createKey(.sample(idempotencyKey: "1"), limit: 10).get(),
            case .created = try await store.createKey(.sample(idempotencyKey: "2"), limit: 10).get()
        else {
            Issue.record("The wrong idempotency keys were deleted.")
            return
        }
    }

    private static let usageRequest = UsageRequest(
        promptTokens: 10,
        maxTokens: 20,
        model: .success(Model(name: "a/b", window: 8192, price: nil))
    )

    private static func entry(user: String = "alice", model: String = "a/b", day: Day = Day(.now())) -> Usage.Entry {
        let usage = Usage(promptTokens: 1, completionTokens: 2, isEstimated: false)
        return Usage.Entry(user: user, key: nil, model: model, day: day, total: Usage.Total(usage))
    }

    private func setQuota(_ quota: Quota, _ store: any Store) async throws {
        _ = try await store.setQuota(quota, for: .user("alice"), at: .now()).get()
    }

    private func status(_ store: any Store) async throws -> Quotas.Status {
        try await store.quotaStatus(of: .user("alice"), for: Principal(user: "alice"), at: .now()).get()
    }
}
