import Bus
import Contracts
import NIOCore
import Synchronization

/// A watcher of a run: no more than the number of the last event that it has.
enum RunWatch {
    /// How many stored batches are read at a time.
    private static let pageSize = 64

    /// The events of a run that is going.
    static func live(_ feed: RunFeed, after number: Int) -> ElementStream<Run.Event> {
        let cursor = Cursor(number)
        return ElementStream(
            encoded: {
                guard let events = try await feed.events(after: cursor.number) else { return nil }
                cursor.advance(by: events.count)
                return events
            },
            close: {}
        )
    }

    /// The events of a run that has ended, from the store.
    static func stored(_ run: Run, after number: Int, database: Database) -> ElementStream<Run.Event> {
        let cursor = Cursor(number)
        return ElementStream(
            next: {
                let after = cursor.number
                guard after < run.lastEvent else { return nil }
                let lines = try await database.read { database in
                    try RunEventRows.list(
                        of: run.id,
                        in: run.conversation,
                        after: after,
                        limit: pageSize,
                        in: database
                    )
                }
                guard !lines.isEmpty else { return nil }
                let events = try lines.map { try BusCoding.decode(Run.Event.self, from: $0) }
                cursor.move(to: events.last?.number ?? run.lastEvent)
                return events
            },
            close: {}
        )
    }

    /// Where a watcher is.
    private final class Cursor: Sendable {
        private let position: Mutex<Int>

        init(_ number: Int) {
            position = Mutex(number)
        }

        var number: Int { position.withLock { $0 } }

        func advance(by count: Int) {
            position.withLock { $0 += count }
        }

        func move(to number: Int) {
            position.withLock { $0 = number }
        }
    }
}
