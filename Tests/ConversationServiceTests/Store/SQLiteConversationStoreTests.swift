import Testing

@testable import ConversationService

/// ``SQLiteStore`` passes the suites of conversations and runs.
@Suite(.timeLimit(.minutes(5)))
struct SQLiteConversationStoreTests {
    @Test(arguments: ConversationStoreSuite.allCases)
    func `conversations`(_ property: ConversationStoreSuite) async throws {
        try await withSQLiteStore { try await property.check($0) }
    }

    @Test(arguments: RunStoreSuite.allCases)
    func `runs`(_ property: RunStoreSuite) async throws {
        try await withSQLiteStore { try await property.check($0) }
    }

    @Test(arguments: RunPathSuite.allCases)
    func `paths`(_ property: RunPathSuite) async throws {
        try await withSQLiteStore { try await property.check($0) }
    }
}
