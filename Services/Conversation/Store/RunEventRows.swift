import Contracts
import Foundation
import GRDB
import NIOCore
import NIOFoundationCompat

/// Some events of a run that were stored together: their JSON, a line each.
struct RunEventBatch: Sendable {
    var conversation: Conversation.ID
    var run: Run.ID
    /// The number of its first event.
    var first: Int
    var lines: [ByteBuffer]
}

/// The table of run events, a row a batch.
enum RunEventRows {
    static func insert(_ batch: RunEventBatch, in database: GRDB.Database) throws {
        guard !batch.lines.isEmpty else { return }
        var text = ByteBuffer()
        for line in batch.lines {
            text.writeImmutableBuffer(line)
            text.writeStaticString("\n")
        }
        let statement = try database.cachedStatement(
            sql: "INSERT INTO run_events (conversation, run, first, last, lines) VALUES (?,?,?,?,?)"
        )
        try statement.execute(arguments: [
            batch.conversation.description, batch.run.description, batch.first, batch.first + batch.lines.count - 1,
            Data(buffer: text),
        ])
    }

    /// The events after a number, in order, at most `limit` rows of them.
    static func list(
        of run: Run.ID,
        in conversation: Conversation.ID,
        after number: Int,
        limit: Int,
        in database: GRDB.Database
    ) throws -> [ByteBuffer] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT first, lines FROM run_events WHERE conversation = ? AND run = ? AND last > ?
                ORDER BY first LIMIT ?
                """
        )
        let rows = try Row.fetchCursor(
            statement,
            arguments: [conversation.description, run.description, number, limit]
        )
        var events: [ByteBuffer] = []
        while let row = try rows.next() {
            let first: Int = row[0]
            let text: Data = row[1]
            let lines = text.split(separator: UInt8(ascii: "\n"))
            events += lines.dropFirst(max(0, number + 1 - first)).map { ByteBuffer(bytes: $0) }
        }
        return events
    }
}
