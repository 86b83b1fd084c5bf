import Contracts
import Metrics
import NIOCore
import NIOPosix
import Synchronization

/// The bounded queue before a provider: so many run at once, so many wait, the rest are refused at once.
final class ProviderQueue: Sendable {
    private typealias Continuation = CheckedContinuation<Void, any Error>

    private struct State {
        var slots: FairSlotQueue
        var continuations: [Int: Continuation] = [:]
        var nextVisitor = 0
    }

    private let provider: String
    private let state: Mutex<State>
    private let depth: Meter
    private let running: Meter

    init(provider: String, capacity: Int, queueLimit: Int) {
        self.provider = provider
        state = Mutex(State(slots: FairSlotQueue(capacity: capacity, queueLimit: queueLimit)))
        depth = Meter(label: "inference_queue_depth", dimensions: [("provider", provider)])
        running = Meter(label: "inference_generations_running", dimensions: [("provider", provider)])
    }

    /// Waits for a slot, at most `limit`; whoever got one must ``leave()`` once.
    ///
    /// Throws a ``QueueRejection``, or `CancellationError` when the caller leaves meanwhile.
    func enter(_ user: String = "", within limit: Duration) async throws {
        let (visitor, entry) = state.withLock { state in
            state.nextVisitor &+= 1
            // Who must wait comes back with a continuation: until then no place is taken.
            guard state.slots.running >= state.slots.capacity else {
                return (state.nextVisitor, state.slots.enter(state.nextVisitor, of: user))
            }
            return (state.nextVisitor, FairSlotQueue.Entry.queued)
        }
        if entry == .queued { try await wait(visitor, of: user, within: limit) }
        tell()
    }

    /// Gives the slot back; whoever waits longest has it next.
    func leave() {
        let next = state.withLock { state in
            state.slots.leave().flatMap { state.continuations.removeValue(forKey: $0) }
        }
        next?.resume()
        tell()
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.slots.waitingCount } }

    private func wait(_ visitor: Int, of user: String, within limit: Duration) async throws {
        let tooLong = QueueRejection(
            fault: Fault(.timeout, "No place at \(provider) became free within \(limit.seconds) seconds.")
        )
        let end = ContinuousClock.now + limit
        let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(limit)) {
            self.abandon(visitor, with: tooLong)
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { queue(visitor, of: user, until: end, else: tooLong, $0) }
        } onCancel: {
            abandon(visitor, with: CancellationError())
        }
    }

    private func queue(
        _ visitor: Int,
        of user: String,
        until end: ContinuousClock.Instant,
        else tooLong: QueueRejection,
        _ continuation: Continuation
    ) {
        let entry = state.withLock { state in
            let entry = state.slots.enter(visitor, of: user)
            if entry == .queued { state.continuations[visitor] = continuation }
            return entry
        }
        switch entry {
        case .admitted: continuation.resume()
        case .refused: continuation.resume(throwing: overflow)
        case .queued:
            tell()
            // A cancellation that came before the place was taken found nothing to give up; so did a timer.
            if Task.isCancelled { abandon(visitor, with: CancellationError()) }
            if .now >= end { abandon(visitor, with: tooLong) }
        }
    }

    /// Gives up a place, unless its turn has come already: only one of the two resumes.
    private func abandon(_ visitor: Int, with error: any Error) {
        let left = state.withLock { state in
            state.slots.abandon(visitor) ? state.continuations.removeValue(forKey: visitor) : nil
        }
        left?.resume(throwing: error)
        tell()
    }

    private var overflow: QueueRejection {
        QueueRejection(
            fault: Fault(
                .unavailable,
                "Too many generations wait for \(provider) already. Try again in a few seconds.",
                retryAfter: 5
            )
        )
    }

    private func tell() {
        let (waiting, running) = state.withLock { ($0.slots.waitingCount, $0.slots.running) }
        depth.set(waiting)
        self.running.set(running)
    }
}
