import Contracts
import NIOCore
import Synchronization

/// A run in progress: its status, question and newest events, for any number of readers.
///
/// Events are stored once for all readers. A reader is only an event number, so a slow reader uses no memory and delays
/// nobody. Of a long answer only the newest events stay in memory; readers get older ones from the store.
final class LiveRun: Sendable {
    private struct Waiter {
        var continuation: CheckedContinuation<Void, any Error>
        /// Whether the waiter waits for the end only and not for the next event.
        var awaitsEnd: Bool
    }

    private struct State {
        /// The message that the run answers, as its first event shows it.
        var question: Message
        /// Whether the question and the run are stored.
        var isStored: Bool
        var status: Run.Status
        /// The model that generates the answer, once known.
        var model: String?
        /// Whether the model was passed on with events to be stored.
        var isModelTaken = false
        /// The newest events; `evictedCount` older ones are no longer in memory.
        var lines: [ByteBuffer] = []
        var evictedCount = 0
        /// Size of the events in memory, in bytes.
        var bytes = 0
        /// Number of the last event that is stored.
        var stored = 1
        var end: Run.End?
        /// Whether the last event shows the end.
        var hasEndEvent = false
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
    private let byteLimit: Int
    private let state: Mutex<State>

    /// Creates a run that is not stored yet.
    init(run: Run, question: Message, byteLimit: Int = byteLimit) {
        self.run = run
        self.byteLimit = byteLimit
        state = Mutex(State(question: question, isStored: false, status: run.status))
    }

    /// Creates a stored run with its first event.
    convenience init(stored run: Run, question: Message, byteLimit: Int = byteLimit) {
        self.init(run: run, question: question, byteLimit: byteLimit)
        start(with: question)
    }

    /// The message that the run answers, as its first event shows it.
    var question: Message { state.withLock { $0.question } }

    /// Sets the stored question and appends the first event.
    func start(with question: Message) {
        state.withLock { state in
            state.question = question
            state.isStored = true
        }
        append(RunEventJSON.event(Run.Event(number: 1, userMessage: question)))
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
        state.withLock { state in
            guard state.model != model else { return }
            state.model = model
            state.isModelTaken = false
        }
    }

    /// Returns the model if it was not returned before.
    func takeModel() -> String? {
        state.withLock { state in
            guard !state.isModelTaken, let model = state.model else { return nil }
            state.isModelTaken = true
            return model
        }
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

    /// Appends the last event and wakes all readers; without an event, the readers get the end's fault.
    ///
    /// Has no effect if the run has ended.
    func finish(_ line: ByteBuffer?, end: Run.End) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            guard state.end == nil else { return [] }
            if let line {
                state.append(line)
                state.hasEndEvent = true
                // All events were stored with the end of the run.
                state.stored = state.last
            }
            state.end = end
            state.trim(to: byteLimit)
            return Self.takeWaiters(from: &state, all: true)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Records the number of the last event that is stored.
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
            guard let end = state.end, !state.isStored else { return nil }
            return end.fault ?? Fault(.unavailable, "Nothing was stored. Send it again.", retryAfter: 1)
        }
    }

    /// The fault for readers of the events if there will be no last event; `nil` if there is one or the run continues.
    var closingFault: Fault? {
        if let rejection { return rejection }
        return state.withLock { state in
            guard let end = state.end, !state.hasEndEvent else { return nil }
            return end.fault ?? Fault(.unavailable, "The end of the run is not stored yet.", retryAfter: 1)
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
