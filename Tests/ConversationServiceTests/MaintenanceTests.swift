import Contracts
import ServiceKit
import Testing

@testable import ConversationService

/// Expired rows are deleted.
@Suite(.timeLimit(.minutes(5)))
struct MaintenanceTests {
    @Test(arguments: [(400, 401), (32, 33), (0, 2000)])
    func `usage is stored for the configured number of days`(_ days: Int, _ left: Int) async throws {
        try await withSQLiteStore { store in
            let now = Timestamp.now()
            let today = Day(now)
            let entries = (0..<2000).map { age in
                Usage.Entry(
                    user: "alice",
                    key: nil,
                    model: "a/b",
                    day: Day(number: today.number - age),
                    total: Usage.Total(Usage(promptTokens: 1, completionTokens: 1, isEstimated: false))
                )
            }
            try await store.recordUsage(entries, batch: Usage.Record.ID(), at: now)
            await Maintenance(store: store, usageDays: days).deleteExpired(at: now)
            let report = Usage.Report(from: Day(number: today.number - 3000), to: today, groups: [.day])
            let lines = try await store.usageReport(report, of: nil, limit: 5000)
            #expect(lines.count == left)
            #expect(lines.first?.day == Day(number: today.number - left + 1))
        }
    }

    @Test func `an idempotency key is stored for a day`() async throws {
        try await withSQLiteStore { store in
            let new = NewKey.sample(idempotencyKey: "k")
            _ = try await store.createKey(new, limit: 10).get()
            let maintenance = Maintenance(store: store, usageDays: 0)
            let end = new.key.createdAt.microseconds + 86_400_000_000
            for (moment, isStored) in [(end - 1, true), (end, false)] {
                await maintenance.deleteExpired(at: Timestamp(microseconds: moment))
                let outcome = try await store.createKey(new, limit: 0)
                let isRepeated = if case .success(.repeated) = outcome { true } else { false }
                #expect(isRepeated == isStored)
            }
        }
    }

    @Test func `an idempotency key is found until it is deleted, whatever the system clock shows`() async throws {
        try await withSQLiteStore { store in
            var new = NewKey.sample(idempotencyKey: "k")
            _ = try await store.createKey(new, limit: 10).get()
            for days in [-400, -2, 2, 400] as [Int64] {
                new.key.createdAt.microseconds += days * 86_400_000_000
                guard case .repeated = try await store.createKey(new, limit: 10).get() else {
                    Issue.record("The idempotency key was forgotten after \(days) days.")
                    return
                }
            }
        }
    }

    @Test(arguments: ["-1", "31", "1", "x", "100001"])
    func `an invalid number of days is rejected at startup`(_ days: String) {
        let fault = #expect(throws: InvalidSetting.self) {
            let values = ["BUS_TOKEN": Fixture.token, "USAGE_RETENTION_DAYS": days]
            _ = try ConversationConfiguration(settings: Settings(values: values))
        }
        #expect(fault?.message.contains("USAGE_RETENTION_DAYS") == true)
    }
}
