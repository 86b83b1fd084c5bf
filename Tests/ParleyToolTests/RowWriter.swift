import Foundation
import GRDB
import Synchronization

/// Writes messages into a database of conversations, like a running conversation-svc.
final class RowWriter: Sendable {
    private let queue: DatabaseQueue
    private let written: Mutex<Int>

    init(directory: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        queue = try DatabaseQueue(path: directory + "/conversation.sqlite", configuration: configuration)
        written = Mutex(try queue.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM messages") ?? 0 })
        try queue.write { database in
            try database.execute(
                sql: """
                    INSERT OR IGNORE INTO conversations (number, id, user, persona, state, created_at, updated_at,
                        used_at, path, path_version, path_count, message_count, total_count, has_instructions)
                    SELECT 1, '\(UUID().uuidString.lowercased())', 'alice', id, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0
                    FROM personas LIMIT 1;
                    INSERT OR IGNORE INTO paths (number, conversation, forks_at, selected_at) VALUES (1, 1, 0, 0);
                    """
            )
        }
    }

    /// Number of committed messages.
    var count: Int { written.withLock { $0 } }

    /// Commits messages in transactions of their own.
    func write(_ count: Int) throws {
        for _ in 0..<count {
            try queue.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO messages (conversation, path, position, id, parent, sibling, role, status, bytes,
                            created_at)
                        SELECT 1, 1, COALESCE(MAX(position), -1) + 1, ?, COALESCE(MAX(number), -1), 0, 'user',
                            'completed', 500, 1
                        FROM messages;
                        INSERT INTO contents (message, kind, text) SELECT MAX(number), 'text', ? FROM messages;
                        INSERT INTO path_messages (path, position, message)
                        SELECT 1, position, number FROM messages ORDER BY number DESC LIMIT 1;
                        """,
                    arguments: [UUID().uuidString, String(repeating: "word ", count: 100)]
                )
            }
            written.withLock { $0 += 1 }
        }
    }
}

/// Keeps a read transaction open, so that the write-ahead log cannot be merged.
final class RowReader: Sendable {
    private let queue: DatabaseQueue

    init(directory: String) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        queue = try DatabaseQueue(path: directory + "/conversation.sqlite", configuration: configuration)
        try queue.unsafeReentrantWrite { database in
            try database.beginTransaction(.deferred)
            _ = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM messages")
        }
    }
}
