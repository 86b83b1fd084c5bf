import Testing

@testable import ConversationService

/// ``SQLiteStore`` passes the suites of keys, usage and personas.
@Suite(.timeLimit(.minutes(5)))
struct SQLiteAccessStoreTests {
    @Test(arguments: KeyStoreSuite.allCases)
    func `keys`(_ property: KeyStoreSuite) async throws {
        try await withSQLiteStore { try await property.check($0) }
    }

    @Test(arguments: UsageStoreSuite.allCases)
    func `usage`(_ property: UsageStoreSuite) async throws {
        try await withSQLiteStore { try await property.check($0) }
    }

    @Test(arguments: PersonaStoreSuite.allCases)
    func `personas`(_ property: PersonaStoreSuite) async throws {
        try await withSQLiteStore { try await property.check($0) }
    }
}
