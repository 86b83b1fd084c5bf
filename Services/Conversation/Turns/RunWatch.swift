import Bus
import Contracts
import GRDB
import NIOCore
import Synchronization

/// A watcher of a run: no more than the number of the last event that it has.
enum RunWatch {
    /// How many stored events are told at a time.
    private static let pageSize = 256

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

    /// The events of a run that has ended, made again from what is stored: byte for byte what its watchers saw.
    static func stored(
        _ run: StoredRun,
        after number: Int,
        in database: GRDB.Database
    ) throws -> ElementStream<Run.Event> {
        guard var user = try MessageRows.find(run.message, in: database)?.message else {
            throw Fault(.internal, "The run \(run.run.id) has no message that it answers.")
        }
        // As it was when it was told; what became of it later does not change what was said.
        user.status = .completed
        let answer = try run.answer.flatMap { try MessageRows.find($0, in: database)?.message }
        var events = [Run.Event(number: 1, userMessage: user)]
        events += texts(of: answer?.content.text ?? "", cuts: run.cuts)
        if var end = run.end {
            end.assistantMessage = answer
            events.append(Run.Event(number: run.run.lastEvent, end: end))
        }
        let rest = Mutex(events.drop { $0.number <= number })
        return ElementStream(
            encoded: {
                let page = rest.withLock { rest in
                    let page = rest.prefix(pageSize)
                    rest = rest.dropFirst(pageSize)
                    return page
                }
                return page.isEmpty ? nil : page.map(RunEventLine.event)
            },
            close: {}
        )
    }

    /// The text events that an answer came with.
    private static func texts(of answer: String, cuts: [Int]) -> [Run.Event] {
        var rest = answer.utf8[...]
        return cuts.enumerated().map { index, count in
            let text = String(decoding: rest.prefix(count), as: UTF8.self)
            rest = rest.dropFirst(count)
            return Run.Event(number: index + 2, text: text)
        }
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
    }
}
