import TestSupport

@testable import ConversationService

/// Runs `body` with a store in a new file.
func withSQLiteStore<Value>(_ body: (SQLiteStore) async throws -> Value) async throws -> Value {
    try await withTemporaryDirectory { directory in
        try await body(SQLiteStore.open(at: directory + "/store.sqlite"))
    }
}
