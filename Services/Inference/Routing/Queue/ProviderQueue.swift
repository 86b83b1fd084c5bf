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

    /// A place in the queue.
    struct Ticket: Sendable {
        fileprivate let queue: ProviderQueue
        fileprivate let waiter: Int

        /// The number of generations ahead, at most a moment old; `nil` outside of the queue.
        var position: Int? { queue.position(of: waiter) }
    }

    /// The maximum age of positions: computing those of a long queue for each of its waiters would be quadratic.
    private static let positionAge = Duration.milliseconds(250)
    /// The maximum age if a generation is missing, because it has just begun to wait.
    private static let positionAgeOfOthers = Duration.milliseconds(10)

    private struct State {
        var slots: FairSlotQueue
        var continuations: [Int: Continuation] = [:]
        var nextWaiter = 0
        var positions: [Int: Int] = [:]
        var positionsSince: ContinuousClock.Instant?
    }

    let capacity: Int
    let queueLimit: Int
    let bytesLimit: Int
    private let provider: String
    private let state: Mutex<State>
    private let depth: Meter
    private let running: Meter

    init(provider: String, capacity: Int, queueLimit: Int, bytesLimit: Int = .max) {
        self.provider = provider
        self.capacity = capacity
        self.queueLimit = queueLimit
        self.bytesLimit = bytesLimit
        let slots = FairSlotQueue(capacity: capacity, queueLimit: queueLimit, bytesLimit: bytesLimit)
        state = Mutex(State(slots: slots))
        depth = Meter(label: "inference_queue_depth", dimensions: [("provider", provider)])
        running = Meter(label: "inference_generations_running", dimensions: [("provider", provider)])
    }

    /// Waits at most `limit` for a slot; the caller must call ``release()`` once for each slot.
    ///
    /// `bytes` is the memory that the caller occupies while it waits; `onQueued` is called once if it has to wait.
    ///
    /// Throws a ``QueueRejection``, or `CancellationError` if the task is cancelled.
    func enter(
        _ user: String = "",
        bytes: Int = 0,
        within limit: Duration,
        onQueued: @escaping @Sendable (Ticket) -> Void = { _ in }
    ) async throws {
        let (waiter, entry) = state.withLock { state in
            state.nextWaiter &+= 1
            // A generation that must wait enters the queue together with its continuation.
            guard state.slots.running >= state.slots.capacity else {
                return (state.nextWaiter, state.slots.enter(state.nextWaiter, of: user, bytes: bytes))
            }
            return (state.nextWaiter, FairSlotQueue.Entry.queued)
        }
        if entry == .queued {
            try await wait(waiter, of: user, bytes: bytes, within: limit) {
                onQueued(Ticket(queue: self, waiter: waiter))
            }
        }
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

    /// The running and queued generations in relation to the slots.
    var load: Double {
        let (running, waiting) = state.withLock { ($0.slots.running, $0.slots.waitingCount) }
        return Double(running + waiting) / Double(max(1, capacity))
    }

    private func position(of waiter: Int) -> Int? {
        let now = ContinuousClock.now
        return state.withLock { state in
            guard state.continuations[waiter] != nil else { return nil }
            let age = state.positions[waiter] == nil ? Self.positionAgeOfOthers : Self.positionAge
            if state.positionsSince.map({ now - $0 >= age }) ?? true {
                state.positions = [:]
                for (index, waiter) in state.slots.order.enumerated() { state.positions[waiter] = index }
                state.positionsSince = now
            }
            return state.positions[waiter]
        }
    }

    private func wait(
        _ waiter: Int,
        of user: String,
        bytes: Int,
        within limit: Duration,
        _ onQueued: @escaping @Sendable () -> Void
    ) async throws {
        let tooLong = QueueRejection(
            cause: .queueTimeout,
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
            try await withCheckedThrowingContinuation {
                if queue(waiter, of: user, bytes: bytes, until: end, else: tooLong, $0) { onQueued() }
            }
        } onCancel: {
            abandon(waiter, with: CancellationError())
        }
    }

    /// Enters the queue, or resumes the continuation; returns whether it entered.
    private func queue(
        _ waiter: Int,
        of user: String,
        bytes: Int,
        until end: ContinuousClock.Instant,
        else tooLong: QueueRejection,
        _ continuation: Continuation
    ) -> Bool {
        let entry = state.withLock { state in
            let entry = state.slots.enter(waiter, of: user, bytes: bytes)
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
        return entry == .queued
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
            cause: .queueFull,
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
