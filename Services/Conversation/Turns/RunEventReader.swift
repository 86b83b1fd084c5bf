import Bus
import Contracts
import GRDB
import NIOCore
import Synchronization

/// Reads the events of a run in progress, starting after an event number.
///
/// A reader that is behind the events in memory reads from the database until it has caught up.
struct RunEventReader: Sendable {
    /// Maximum number of stored events per batch.
    private static let pageSize = 256

    let database: Database
    let liveRun: LiveRun

    /// The state of a stream: the last event read, and the remaining stored events once the run has finished.
    private struct Position {
        var last: Int
        var rest: ElementStream<Run.Event>?
    }

    /// Streams the events after a number until the end of the run.
    func stream(after number: Int) -> ElementStream<Run.Event> {
        let position = Mutex(Position(last: number))
        return ElementStream(
            encoded: {
                let (last, rest) = position.withLock { ($0.last, $0.rest) }
                if let rest { return try await rest.nextEncodedBatch() }
                switch try await liveRun.events(after: last) {
                case .events(let events)?:
                    position.withLock { $0.last += events.count }
                    return events
                case .evicted?:
                    let missed = try await missed(after: last)
                    let events = try await missed.events.nextEncodedBatch()
                    position.withLock { position in
                        position.last += events?.count ?? 0
                        if missed.hasEnd { position.rest = missed.events }
                    }
                    return events
                case nil:
                    if let rejection = liveRun.rejection { throw rejection }
                    return nil
                }
            },
            close: {}
        )
    }

    /// Reads events that are no longer in memory: all remaining ones of a finished run, otherwise a batch.
    private func missed(after number: Int) async throws -> (events: ElementStream<Run.Event>, hasEnd: Bool) {
        let run = liveRun.run.id
        let question = liveRun.question.message
        return try await database.read { database in
            if let stored = try RunRows.find(run, in: database), stored.run.status.isFinal {
                return (try Self.stored(stored, after: number, in: database), true)
            }
            let first = number == 0 ? [RunEventJSON.event(Run.Event(number: 1, userMessage: question))] : []
            let events = first + (try RunEventRows.list(of: run, after: max(1, number), in: database))
            guard !events.isEmpty else {
                throw Fault(.cut, "Events of the run \(run) are missing. Continue after the last event received.")
            }
            return (ElementStream(encoded: { LiveRun.page(of: events) }, close: {}), false)
        }
    }

    /// Streams the events of a finished run, rebuilt from its stored answer; they are identical byte for byte to the
    /// original ones.
    static func stored(
        _ run: StoredRun,
        after number: Int,
        in database: GRDB.Database
    ) throws -> ElementStream<Run.Event> {
        let rest = Mutex(try events(of: run, in: database).drop { $0.number <= number })
        return ElementStream(
            encoded: {
                let page = rest.withLock { rest in
                    let page = LiveRun.page(of: rest.prefix(pageSize).map(RunEventJSON.event))
                    rest = rest.dropFirst(page.count)
                    return page
                }
                return page.isEmpty ? nil : page
            },
            close: {}
        )
    }

    /// Reads the question of a run, as its first event shows it, and the end of the run.
    static func turn(of run: StoredRun, in database: GRDB.Database) throws -> (question: Message, end: Run.End?) {
        guard let question = try MessageRows.find(run.message, in: database)?.message else {
            throw Fault(.internal, "The run \(run.run.id) has no question.")
        }
        var end = run.end
        end?.assistantMessage = try run.answer.flatMap { try MessageRows.find($0, in: database)?.message }
        return (question.asQuestion(of: run.run.id), end)
    }

    private static func events(of run: StoredRun, in database: GRDB.Database) throws -> [Run.Event] {
        let (question, end) = try turn(of: run, in: database)
        var events = [Run.Event(number: 1, userMessage: question)]
        events += texts(of: end?.assistantMessage?.content.text ?? "", chunkSizes: run.chunkSizes)
        if let end { events.append(Run.Event(number: run.run.lastEvent, end: end)) }
        return events
    }

    /// Returns the text events of an answer.
    private static func texts(of answer: String, chunkSizes: [Int]) -> [Run.Event] {
        var rest = answer.utf8[...]
        return chunkSizes.enumerated().map { index, count in
            let text = String(decoding: rest.prefix(count), as: UTF8.self)
            rest = rest.dropFirst(count)
            return Run.Event(number: index + 2, text: text)
        }
    }
}
