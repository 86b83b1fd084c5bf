@testable import ConversationService

extension Database {
    /// Creates a table of numbers.
    func createNumbers() async throws {
        try await write { connection throws(StoreError) in
            try connection.run("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        }
    }

    func countNumbers() async throws -> Int? {
        try await read { connection throws(StoreError) in try connection.value("SELECT COUNT(*) FROM numbers") }
    }
}
