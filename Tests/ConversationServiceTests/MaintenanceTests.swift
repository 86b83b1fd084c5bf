import Contracts
import GRDB
import ServiceKit
import TestSupport
import Testing

@testable import ConversationService

/// Expired rows are deleted.
@Suite(.timeLimit(.minutes(5)))
struct MaintenanceTests {
    @Test(arguments: [(400, 401), (32, 33), (0, 2000)])
    func `usage is stored for the configured number of days`(_ days: Int, _ left: Int) async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let now = Timestamp.now()
            try await database.write { database in
                for age in 0..<2000 {
                    let entry = Usage.Entry(
                        user: "alice",
                        key: nil,
                        model: "a/b",
                        day: Day(number: Day(now).number - age),
                        total: Usage.Total(Usage(promptTokens: 1, completionTokens: 1, isEstimated: false))
                    )
                    try UsageRows.add(entry, in: database)
                }
            }
            await Maintenance(database: database, usageDays: days).deleteExpired(at: now)
            let (count, first) = try await database.read { database in
                (
                    try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM usage"),
                    try Int.fetchOne(database, sql: "SELECT MIN(day) FROM usage")
                )
            }
            #expect(count == left)
            #expect(first == Day(now).number - left + 1)
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
