import Contracts
import NIOCore
import Synchronization

/// The events of a run that is going, for any number of watchers.
///
/// Events are kept once, for all; a watcher is no more than a number, so a slow one costs nothing and holds up nobody.
final class RunFeed: Sendable {
    private struct Waiter {
        var continuation: CheckedContinuation<Void, any Error>
        /// Whether only the run's end is of interest.
        var awaitsEnd: Bool
    }

    private struct State {
        var status: Run.Status
        var lines: [ByteBuffer] = []
        var end: Run.End?
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
        var isStopped = false
    }

    let run: Run
    let userMessage: Message
    /// The number of the run's conversation in the store.
    let conversation: Int64
    /// The position of the user's message; the answer's is the next.
    let position: Int
    private let state: Mutex<State>

    init(run: Run, userMessage: Message, conversation: Int64, position: Int) {
        self.run = run
        self.conversation = conversation
        self.position = position
        self.userMessage = userMessage
        state = Mutex(State(status: run.status))
    }

    /// The run as it stands.
    var current: Run {
        state.withLock { state in
            var run = run
            run.status = state.end?.status ?? state.status
            run.lastEvent = state.lines.count
            return run
        }
    }

    /// The number that the next event will have.
    var nextNumber: Int { state.withLock { $0.lines.count + 1 } }

    /// Whether somebody asked for the run to end.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func stop() {
        state.withLock { $0.isStopped = true }
    }

    func begin() {
        state.withLock { $0.status = .running }
    }

    /// Adds an event, which has ``nextNumber``, and wakes whoever waits for one.
    func append(_ line: ByteBuffer) {
        let woken = state.withLock { state in
            state.lines.append(line)
            return Self.takeWaiters(from: &state, all: false)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Adds the last event.
    func finish(_ line: ByteBuffer?, end: Run.End) {
        let woken = state.withLock { state in
            if let line { state.lines.append(line) }
            state.end = end
            return Self.takeWaiters(from: &state, all: true)
        }
        for waiter in woken { waiter.resume() }
    }

    /// The events after a number, at least one; `nil` when the run has ended and there are no more.
    func events(after number: Int) async throws -> [ByteBuffer]? {
        while true {
            let (ready, isEnded) = state.withLock { state in
                (state.lines.count > number ? Array(state.lines[number...]) : [], state.end != nil)
            }
            if !ready.isEmpty { return ready }
            if isEnded { return nil }
            try await wait(awaitsEnd: false) { $0.lines.count > number || $0.end != nil }
        }
    }

    /// How the run ended, once it has.
    func end() async throws -> Run.End {
        while true {
            if let end = state.withLock({ $0.end }) { return end }
            try await wait(awaitsEnd: true) { $0.end != nil }
        }
    }

    private func wait(awaitsEnd: Bool, until isReady: (State) -> Bool) async throws {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Between the look and the wait an event may have come, or the watcher been cancelled.
                let mustWait = state.withLock { state in
                    guard !isReady(state), !Task.isCancelled else { return false }
                    state.waiters[id] = Waiter(continuation: continuation, awaitsEnd: awaitsEnd)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.continuation.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }

    private static func takeWaiters(from state: inout State, all: Bool) -> [CheckedContinuation<Void, any Error>] {
        guard !state.waiters.isEmpty else { return [] }
        let woken = state.waiters.filter { all || !$0.value.awaitsEnd }
        for id in woken.keys { state.waiters[id] = nil }
        return woken.values.map(\.continuation)
    }
}
