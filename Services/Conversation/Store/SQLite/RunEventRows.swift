import Contracts
import Foundation
import GRDB
import NIOCore
import NIOFoundationCompat

/// The table `run_events` with the events of unfinished runs, one row per batch.
enum RunEventRows {
    /// Ignores a run that has ended, because its messages contain the text, and a run of another owner.
    private static let insertion = """
        INSERT INTO run_events (run, first, lines) SELECT ?1, ?2, ?3
        WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND status IN ('queued', 'running') AND owner = ?4)
        """
    /// Maximum number of batches per page.
    private static let pageSize = 32

    static func insert(_ batch: RunEventBatch, owner: Int64, _ connection: Connection) throws(StoreError) {
        guard !batch.lines.isEmpty else { return }
        var text = ByteBuffer()
        for line in batch.lines {
            text.writeImmutableBuffer(line)
            text.writeStaticString("\n")
        }
        try connection.run(insertion, [batch.run.description, batch.first, Data(buffer: text), owner])
    }

    /// Returns all stored events of a run, in order.
    static func list(of run: Run.ID, _ connection: Connection) throws(StoreError) -> [ByteBuffer] {
        let sql = "SELECT lines FROM run_events WHERE run = ? ORDER BY first"
        return try connection.all(sql, [run.description]) { split($0[0]) }.flatMap(\.self)
    }

    /// Returns a page of the events after a number, in order.
    static func list(of run: Run.ID, after number: Int, _ connection: Connection) throws(StoreError) -> [ByteBuffer] {
        let sql = """
            SELECT first, lines FROM run_events WHERE run = ?1 AND first >=
                (SELECT COALESCE(MAX(first), 0) FROM run_events WHERE run = ?1 AND first <= ?2)
            ORDER BY first LIMIT \(pageSize)
            """
        // The caller chooses the number.
        let next = number == .max ? number : number + 1
        let pages: [ArraySlice<ByteBuffer>] = try connection.all(sql, [run.description, next]) { row in
            split(row[1]).dropFirst(max(0, next - (row[0] as Int)))
        }
        return pages.flatMap(\.self)
    }

    static func delete(of run: Run.ID, _ connection: Connection) throws(StoreError) {
        try connection.run("DELETE FROM run_events WHERE run = ?", [run.description])
    }

    private static func split(_ lines: Data) -> [ByteBuffer] {
        lines.split(separator: UInt8(ascii: "\n")).map { ByteBuffer(bytes: $0) }
    }
}
