import GRDB
import Synchronization
import TestSupport
import Testing

@testable import ConversationService

/// Every statement of the store finds its rows by a key or an index, whatever the size of the file.
@Suite(.timeLimit(.minutes(5)))
struct QueryPlanTests {
    /// Statements that read or sort a whole table, by a part of their text.
    private static let exceptions: [(text: String, reason: String)] = [
        ("FROM personas WHERE is_active", "There are few personas."),
        ("SELECT COUNT(*) FROM personas", "There are few personas."),
        ("FROM quotas", "Read once, at startup, or to see whether there is any quota; there are few."),
        ("concurrent_runs IS NOT NULL", "Read once, at startup."),
        ("FROM api_keys ORDER BY number", "Read in the order of the table, up to the limit; for an admin."),
        ("SELECT COUNT(*) FROM api_keys", "For an admin; there are far fewer keys than messages."),
        ("INDEXED BY runs_unfinished", "Reads the unfinished runs only."),
        ("FROM usage u", "Sorts the lines of a report, which are limited."),
        ("state = 1", "Reads the index of hidden conversations only."),
        ("AND state = 2 LIMIT 1", "Reads the first row of the index of hidden conversations."),
        ("FROM paths WHERE conversation = ? ORDER BY selected_at", "Sorts the paths of one conversation."),
        ("DELETE FROM reservations WHERE expires_at IS NULL", "Run once, at startup; there are few reservations."),
        ("SELECT user FROM memory_owners WHERE user IS NOT NULL", "Read once, at startup."),
        ("sqlite_master", "Whether the file can be read."),
    ]

    @Test func `no statement reads or sorts an unbounded table`() async throws {
        let statements = try await statements()
        #expect(statements.count > 80)
        try await withTemporaryDirectory { directory in
            let path = directory + "/plans.sqlite"
            _ = try await SQLiteStore.open(at: path)
            // The store may still be closing the file.
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            for sql in statements.sorted() {
                let plan = try await queue.read { database in
                    let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
                    statement.setUncheckedArguments([])
                    return try Row.fetchAll(statement).map { $0["detail"] as String }
                }
                let bad = plan.filter {
                    $0.hasPrefix("SCAN") && $0 != "SCAN CONSTANT ROW" || $0.contains("TEMP B-TREE")
                }
                guard !bad.isEmpty, !Self.exceptions.contains(where: { sql.contains($0.text) }) else { continue }
                Issue.record("\(bad.joined(separator: "; ")): \(sql)")
            }
        }
    }

    @Test func `every exception is needed`() async throws {
        let statements = try await statements()
        for exception in Self.exceptions {
            #expect(statements.contains { $0.contains(exception.text) }, "\(exception.text)")
        }
    }

    /// Returns the statements that the suites of all stores run.
    private func statements() async throws -> Set<String> {
        let seen = Mutex<Set<String>>([])
        let observer: @Sendable (String) -> Void = { sql in
            guard ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(where: sql.hasPrefix) else { return }
            _ = seen.withLock { $0.insert(sql) }
        }
        var checks: [(SQLiteStore) async throws -> Void] = []
        for property in ConversationStoreSuite.allCases { checks.append { try await property.check($0) } }
        for property in RunStoreSuite.allCases { checks.append { try await property.check($0) } }
        for property in RunPathSuite.allCases { checks.append { try await property.check($0) } }
        for property in KeyStoreSuite.allCases { checks.append { try await property.check($0) } }
        for property in UsageStoreSuite.allCases { checks.append { try await property.check($0) } }
        for property in PersonaStoreSuite.allCases { checks.append { try await property.check($0) } }
        for property in MemoryStoreSuite.allCases { checks.append { try await property.check($0) } }
        for check in checks {
            try await withTemporaryDirectory { directory in
                try await check(SQLiteStore.open(at: directory + "/store.sqlite", observer: observer))
            }
        }
        try await withTemporaryDirectory { directory in
            let store = try await SQLiteStore.open(at: directory + "/store.sqlite", observer: observer)
            _ = try await store.takeInterruptedRuns(of: nil, limit: 10)
            _ = try await store.takeQueuedRuns(of: nil, limit: 10)
            try await store.deleteOrphanedReservations()
            try await store.database.checkReadable()
        }
        return seen.withLock { $0 }
    }
}
