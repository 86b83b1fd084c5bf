import Contracts
import Foundation
import GRDB
import NIOCore
import NIOFoundationCompat

/// Consecutive events of a run that are stored together, as lines of JSON.
struct RunEventBatch: Sendable {
    var run: Run.ID
    /// The number of the first event.
    var first: Int
    var lines: [ByteBuffer]
}

/// The table `run_events` with the events of unfinished runs, one row per batch.
enum RunEventRows {
    /// Does not insert if the run has finished, because the answer contains the text.
    private static let insertion = """
        INSERT INTO run_events (run, first, lines) SELECT ?1, ?2, ?3
        WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND status IN ('queued', 'running'))
        """

    static func insert(_ batch: RunEventBatch, in database: GRDB.Database) throws {
        guard !batch.lines.isEmpty else { return }
        var text = ByteBuffer()
        for line in batch.lines {
            text.writeImmutableBuffer(line)
            text.writeStaticString("\n")
        }
        try database.cachedStatement(sql: insertion).execute(arguments: [
            batch.run.description, batch.first, Data(buffer: text),
        ])
    }

    /// Maximum number of batches per page.
    private static let pageSize = 32

    /// Returns all stored events of a run, in order.
    static func list(of run: Run.ID, in database: GRDB.Database) throws -> [ByteBuffer] {
        let statement = try database.cachedStatement(sql: "SELECT lines FROM run_events WHERE run = ? ORDER BY first")
        return try Data.fetchAll(statement, arguments: [run.description]).flatMap(split)
    }

    /// Returns a page of the events after a number, in order.
    static func list(of run: Run.ID, after number: Int, in database: GRDB.Database) throws -> [ByteBuffer] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT first, lines FROM run_events WHERE run = ?1 AND first >=
                    (SELECT COALESCE(MAX(first), 0) FROM run_events WHERE run = ?1 AND first <= ?2)
                ORDER BY first LIMIT \(pageSize)
                """
        )
        let rows = try Row.fetchAll(statement, arguments: [run.description, number + 1])
        return rows.flatMap { row in split(row[1]).dropFirst(max(0, number + 1 - (row[0] as Int))) }
    }

    private static func split(_ lines: Data) -> [ByteBuffer] {
        lines.split(separator: UInt8(ascii: "\n")).map { ByteBuffer(bytes: $0) }
    }

    static func delete(of run: Run.ID, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "DELETE FROM run_events WHERE run = ?").execute(
            arguments: [run.description]
        )
    }
}
