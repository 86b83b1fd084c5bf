import Contracts
import NIOCore
import Synchronization

/// A run in progress: its status, question and newest events, for any number of readers.
///
/// Events are stored once for all readers. A reader is only an event number, so a slow reader uses no memory and delays
/// nobody. Of a long answer only the newest events stay in memory; readers get older ones from the database.
final class LiveRun: Sendable {
    private struct Waiter {
        var continuation: CheckedContinuation<Void, any Error>
        /// Whether the waiter waits for the end only and not for the next event.
        var awaitsEnd: Bool
    }

    /// The message that a run answers, and its place in the conversation.
    struct Question: Sendable {
        /// The message as published in the run's first event.
        var message: Message
        /// Its row number in the database; 0 before it is stored.
        var number: Int64 = 0
        /// Its position; the answer has the next one.
        var position = 0
        /// Number of answers that it already has.
        var answers = 0
        /// Whether all previous runs for it failed.
        var hasFailed = false
        /// The path version when it was stored.
        var pathVersion = 0
    }

    private struct State {
        var question: Question
        var status: Run.Status
        /// The model that generates the answer, once known.
        var model: String?
        /// The newest events; `evictedCount` older ones are no longer in memory.
        var lines: [ByteBuffer] = []
        var evictedCount = 0
        /// Size of the events in memory, in bytes.
        var bytes = 0
        /// Number of the last event that is stored in the database.
        var stored = 1
        var end: Run.End?
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
        var isStopped = false

        var last: Int { evictedCount + lines.count }

        mutating func append(_ line: ByteBuffer) {
            lines.append(line)
            bytes += line.readableBytes
        }

        /// Above the limit, drops the oldest stored events until half of the limit is used.
        mutating func trim(to limit: Int) {
            guard bytes > limit else { return }
            var count = 0
            while count < lines.count, evictedCount + count < stored, bytes > limit / 2 {
                bytes -= lines[count].readableBytes
                count += 1
            }
            lines.removeFirst(count)
            evictedCount += count
        }
    }

    /// The result of reading the events after a number.
    enum ReadResult: Sendable {
        /// The next events; never empty.
        case events([ByteBuffer])
        /// The next events are no longer in memory.
        case evicted
    }

    /// Maximum size of the stored events in memory, in bytes.
    private static let byteLimit = 256 * 1024
    /// Approximate maximum size of a batch of events, in bytes, so that a slow reader makes visible progress.
    static let pageBytes = 32 * 1024

    let run: Run
    /// Row number of the run's conversation in the database.
    let conversation: Int64
    private let byteLimit: Int
    private let state: Mutex<State>

    init(run: Run, question: Question, conversation: Int64, byteLimit: Int = byteLimit) {
        self.run = run
        self.byteLimit = byteLimit
        self.conversation = conversation
        state = Mutex(State(question: question, status: run.status))
    }

    var question: Question { state.withLock { $0.question } }

    /// Replaces the question after it was stored or read from the database.
    func setQuestion(_ question: Question) {
        state.withLock { $0.question = question }
    }

    /// The run with its current status.
    var current: Run {
        state.withLock { state in
            var run = run
            run.status = state.end?.status ?? state.status
            run.lastEvent = state.last
            run.model = state.model
            return run
        }
    }

    /// The model that generates the answer, once known.
    var model: String? { state.withLock { $0.model } }

    /// The number of the next event.
    var nextNumber: Int { state.withLock { $0.last + 1 } }

    /// Whether the run was asked to stop.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func requestStop() {
        state.withLock { $0.isStopped = true }
    }

    func markRunning() {
        state.withLock { $0.status = .running }
    }

    /// Sets the model that generates the answer.
    func setModel(_ model: String) {
        state.withLock { $0.model = model }
    }

    /// Appends an event, which has the number ``nextNumber``, and wakes the readers that wait for it.
    func append(_ line: ByteBuffer) {
        let woken = state.withLock { state in
            state.append(line)
            state.trim(to: byteLimit)
            return Self.takeWaiters(from: &state, all: false)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Appends the last event and wakes all readers.
    func finish(_ line: ByteBuffer?, end: Run.End) {
        let woken = state.withLock { state in
            if let line {
                state.append(line)
                // All events were stored with the end of the run.
                state.stored = state.last
            }
            state.end = end
            state.trim(to: byteLimit)
            return Self.takeWaiters(from: &state, all: true)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Records the number of the last event that is stored in the database.
    func markStored(through number: Int) {
        state.withLock { state in
            state.stored = max(state.stored, number)
            state.trim(to: byteLimit)
        }
    }

    /// Returns the events after a number; `nil` if the run has finished and there are no more.
    func events(after number: Int) async throws -> ReadResult? {
        while true {
            let (found, isEnded) = state.withLock { state -> (ReadResult?, Bool) in
                if number < state.evictedCount { return (.evicted, false) }
                guard state.last > number else { return (nil, state.end != nil) }
                return (.events(Self.page(of: state.lines[(number - state.evictedCount)...])), false)
            }
            if let found { return found }
            if isEnded { return nil }
            try await wait(awaitsEnd: false) { $0.last > number || $0.end != nil }
        }
    }

    /// Returns the first events, at least one, up to approximately `pageBytes`.
    static func page(of events: some Collection<ByteBuffer>) -> [ByteBuffer] {
        var bytes = 0
        return Array(
            events.prefix { event in
                defer { bytes += event.readableBytes }
                return bytes < pageBytes
            }
        )
    }

    /// The fault with which the run was rejected before it was stored; `nil` if it was stored or is still being stored.
    var rejection: Fault? {
        state.withLock { state in
            guard let end = state.end, state.question.number == 0 else { return nil }
            return end.fault ?? Fault(.unavailable, "Nothing was stored. Send it again.", retryAfter: 1)
        }
    }

    /// Waits for the end of the run.
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
                // An event may have been appended, or the reader cancelled, since the last check.
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
