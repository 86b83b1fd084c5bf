import Contracts
import Metrics
import NIOCore
import NIOPosix
import Synchronization

/// The bounded queue of a provider: limits running and queued generations, and rejects further ones.
///
/// Thread-safe.
final class ProviderQueue: Sendable {
    private typealias Continuation = CheckedContinuation<Void, any Error>

    private struct State {
        var slots: FairSlotQueue
        var continuations: [Int: Continuation] = [:]
        var nextWaiter = 0
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

    /// Waits at most `limit` for a slot; the caller must call ``release()`` once for each slot.
    ///
    /// Throws a ``QueueRejection``, or `CancellationError` if the task is cancelled.
    func enter(_ user: String = "", within limit: Duration) async throws {
        let (waiter, entry) = state.withLock { state in
            state.nextWaiter &+= 1
            // A generation that must wait enters the queue together with its continuation.
            guard state.slots.running >= state.slots.capacity else {
                return (state.nextWaiter, state.slots.enter(state.nextWaiter, of: user))
            }
            return (state.nextWaiter, FairSlotQueue.Entry.queued)
        }
        if entry == .queued { try await wait(waiter, of: user, within: limit) }
        updateMeters()
    }

    /// Returns a slot, and resumes the next queued generation.
    func release() {
        let next = state.withLock { state in
            state.slots.release().flatMap { state.continuations.removeValue(forKey: $0) }
        }
        next?.resume()
        updateMeters()
    }

    /// The number of queued generations.
    var waitingCount: Int { state.withLock { $0.slots.waitingCount } }

    private func wait(_ waiter: Int, of user: String, within limit: Duration) async throws {
        let tooLong = QueueRejection(
            fault: Fault(
                .timeout,
                "The queue of \(provider) did not advance within \(limit.seconds) seconds. Try again later."
            )
        )
        let end = ContinuousClock.now + limit
        let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(limit)) {
            self.abandon(waiter, with: tooLong)
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { queue(waiter, of: user, until: end, else: tooLong, $0) }
        } onCancel: {
            abandon(waiter, with: CancellationError())
        }
    }

    private func queue(
        _ waiter: Int,
        of user: String,
        until end: ContinuousClock.Instant,
        else tooLong: QueueRejection,
        _ continuation: Continuation
    ) {
        let entry = state.withLock { state in
            let entry = state.slots.enter(waiter, of: user)
            if entry == .queued { state.continuations[waiter] = continuation }
            return entry
        }
        switch entry {
        case .admitted: continuation.resume()
        case .refused: continuation.resume(throwing: overflow)
        case .queued:
            updateMeters()
            // A cancellation or timeout before the entry into the queue had no effect, so it is checked again.
            if Task.isCancelled { abandon(waiter, with: CancellationError()) }
            if .now >= end { abandon(waiter, with: tooLong) }
        }
    }

    /// Removes a queued generation and resumes it with an error, unless it already has a slot.
    private func abandon(_ waiter: Int, with error: any Error) {
        let left = state.withLock { state in
            state.slots.abandon(waiter) ? state.continuations.removeValue(forKey: waiter) : nil
        }
        left?.resume(throwing: error)
        updateMeters()
    }

    private var overflow: QueueRejection {
        QueueRejection(
            fault: Fault(
                .unavailable,
                "The queue of \(provider) is full. Try again in a few seconds.",
                retryAfter: 5
            )
        )
    }

    private func updateMeters() {
        let (waiting, running) = state.withLock { ($0.slots.waitingCount, $0.slots.running) }
        depth.set(waiting)
        self.running.set(running)
    }
}
