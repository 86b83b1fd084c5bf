import Bus
import Contracts
import NIOCore
import Synchronization

/// Reads the events of a run in progress, starting after an event number.
///
/// A reader that is behind the events in memory reads from the store until it has caught up.
struct RunEventReader: Sendable {
    /// Maximum number of rebuilt events per batch.
    private static let pageSize = 256

    let store: any RunStore
    let liveRun: LiveRun

    /// The state of a stream: the last event read, and the remaining events once the run has finished.
    private struct Position {
        var last: Int
        var rest: ElementStream<Run.Event>?
    }

    /// Streams the events after a number until the end of the run.
    ///
    /// Throws the fault of a run that ends without a last event.
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
                    if let fault = liveRun.closingFault { throw fault }
                    return nil
                }
            },
            close: {}
        )
    }

    /// Reads events that are no longer in memory: all remaining ones of a finished run, otherwise a batch.
    private func missed(after number: Int) async throws -> (events: ElementStream<Run.Event>, hasEnd: Bool) {
        let run = liveRun.run.id
        let first = number == 0 ? [RunEventJSON.event(Run.Event(number: 1, userMessage: liveRun.question))] : []
        switch try await store.readEvents(of: run, after: max(1, number)) {
        case .finished(let finished): return (Self.events(of: finished, after: number), true)
        case .inProgress(let lines) where !lines.isEmpty || !first.isEmpty:
            return (ElementStream(encoded: { LiveRun.page(of: first + lines) }, close: {}), false)
        case .inProgress, .missing:
            throw Fault(.cut, "Events of the run \(run) are missing. Continue after the last event received.")
        }
    }

    /// Streams the events of a finished run, rebuilt from its steps; they are identical byte for byte to the original
    /// ones.
    static func events(of run: FinishedRun, after number: Int) -> ElementStream<Run.Event> {
        let rest = Mutex(run.events.drop { $0.number <= number })
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
}
