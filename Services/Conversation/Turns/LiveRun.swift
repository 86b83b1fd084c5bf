import Contracts
import NIOCore
import Synchronization

/// The events of a run that is going, for any number of watchers.
///
/// Events are kept once, for all; a watcher is no more than a number, so a slow one costs nothing and holds up nobody. Of
/// a long answer only the newest events are kept: the older ones are on the disk, where a watcher that needs them reads.
final class LiveRun: Sendable {
    private struct Waiter {
        var continuation: CheckedContinuation<Void, any Error>
        /// Whether only the run's end is of interest.
        var awaitsEnd: Bool
    }

    /// What a run answers, and where that stands.
    struct Question: Sendable {
        /// As its watchers are told of it.
        var message: Message
        /// Its place in the store; 0 before it is stored.
        var number: Int64 = 0
        /// Its position; the answer's is the next.
        var position = 0
        /// How many answers to it there are already.
        var answers = 0
        /// Whether no answer to it could be made so far.
        var hasFailed = false
        /// The version of the path on which it was put.
        var pathVersion = 0
    }

    private struct State {
        var question: Question
        var status: Run.Status
        /// Which model answers, once it has begun.
        var model: String?
        /// The newest events; before them, so many are not kept any more.
        var lines: [ByteBuffer] = []
        var evictedCount = 0
        /// How many bytes the kept events have.
        var bytes = 0
        /// The number of the last event that is on the disk.
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

        /// Lets go of the oldest half of what is kept, as far as it is on the disk, when there is too much.
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

    /// What a watcher finds who asks for the events after a number.
    enum ReadResult: Sendable {
        /// At least one.
        case events([ByteBuffer])
        /// They are not kept any more.
        case evicted
    }

    /// How many bytes of events are kept in memory.
    private static let byteLimit = 256 * 1024
    /// About how many bytes are told at a time: a slow reader is to be seen to move.
    static let pageBytes = 32 * 1024

    let run: Run
    /// The number of the run's conversation in the store.
    let conversation: Int64
    private let byteLimit: Int
    private let state: Mutex<State>

    init(run: Run, question: Question, conversation: Int64, byteLimit: Int = byteLimit) {
        self.run = run
        self.byteLimit = byteLimit
        self.conversation = conversation
        state = Mutex(State(question: question, status: run.status))
    }

    /// What the run answers.
    var question: Question { state.withLock { $0.question } }

    /// Says what only the store knew of the question.
    func setQuestion(_ question: Question) {
        state.withLock { $0.question = question }
    }

    /// The run as it stands.
    var current: Run {
        state.withLock { state in
            var run = run
            run.status = state.end?.status ?? state.status
            run.lastEvent = state.last
            run.model = state.model
            return run
        }
    }

    /// Which model answers, once it has begun.
    var model: String? { state.withLock { $0.model } }

    /// The number that the next event will have.
    var nextNumber: Int { state.withLock { $0.last + 1 } }

    /// Whether somebody asked for the run to end.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func requestStop() {
        state.withLock { $0.isStopped = true }
    }

    func markRunning() {
        state.withLock { $0.status = .running }
    }

    /// A model has begun to answer.
    func setModel(_ model: String) {
        state.withLock { $0.model = model }
    }

    /// Adds an event, which has ``nextNumber``, and wakes whoever waits for one.
    func append(_ line: ByteBuffer) {
        let woken = state.withLock { state in
            state.append(line)
            state.trim(to: byteLimit)
            return Self.takeWaiters(from: &state, all: false)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Adds the last event.
    func finish(_ line: ByteBuffer?, end: Run.End) {
        let woken = state.withLock { state in
            if let line {
                state.append(line)
                // All of it went to the disk with the end.
                state.stored = state.last
            }
            state.end = end
            state.trim(to: byteLimit)
            return Self.takeWaiters(from: &state, all: true)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Says how far the events are on the disk.
    func markStored(through number: Int) {
        state.withLock { state in
            state.stored = max(state.stored, number)
            state.trim(to: byteLimit)
        }
    }

    /// The events after a number; `nil` when the run has ended and there are no more.
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

    /// The first of some events, at least one, up to about so many bytes.
    static func page(of events: some Collection<ByteBuffer>) -> [ByteBuffer] {
        var bytes = 0
        return Array(
            events.prefix { event in
                defer { bytes += event.readableBytes }
                return bytes < pageBytes
            }
        )
    }

    /// Why the run was never opened, if it was not: then it is over, and nothing of it is stored.
    var rejection: Fault? {
        state.withLock { state in
            guard let end = state.end, state.question.number == 0 else { return nil }
            return end.fault ?? Fault(.unavailable, "Nothing was stored. Send it again.", retryAfter: 1)
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
