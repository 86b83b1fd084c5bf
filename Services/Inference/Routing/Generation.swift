import Bus
import Contracts
import Synchronization

/// A generation in progress.
///
/// It enforces its timeouts and its maximum size, requires a finish event, holds a slot of the provider's queue until it
/// ends, and records metrics. Thread-safe.
final class Generation: Sendable {
    /// Information about a generation that its events report.
    struct Accounts: Sendable {
        /// All attempts; the last one is this generation.
        var attempts: [Attempt]
        /// The size of the prompt in bytes, for estimating tokens.
        var promptBytes: Int
        var price: Model.Price?
    }

    private struct State {
        var pace: GenerationTimeoutTracker
        var passed: GenerationTimeoutTracker.Limit?
        var hasText = false
        var hasFinish = false
        var isOver = false
        var bytes = 0
        /// The size of the log probabilities, in bytes.
        var extra = 0
        /// The first events, received by `begin()` and not yet returned by `next()`.
        var first: [Inference.Event] = []
    }

    /// Maximum size of an answer, in bytes: a model may generate text without end.
    private static let sizeLimit = Run.maxAnswerBytes
    /// Maximum size of the log probabilities, in bytes.
    private static let extraLimit = 64 << 20

    private let name: String
    private let upstream: ElementStream<Inference.Event>
    private let runtime: ProviderRuntime
    private let limits: GenerationTimeouts
    private let start: ContinuousClock.Instant
    private let accounts: Accounts
    private let state: Mutex<State>

    /// Creates a generation that the provider has accepted; `name` is the model, `start` the time of the request.
    init(
        name: String,
        upstream: ElementStream<Inference.Event>,
        runtime: ProviderRuntime,
        limits: GenerationTimeouts,
        start: ContinuousClock.Instant,
        accounts: Accounts
    ) {
        self.name = name
        self.upstream = upstream
        self.runtime = runtime
        self.limits = limits
        self.start = start
        self.accounts = accounts
        state = Mutex(State(pace: GenerationTimeoutTracker(limits: limits, start: start)))
        GenerationTimeoutMonitor.shared.add(self)
    }

    deinit {
        cancel()
    }

    /// Waits for the first event of the answer.
    ///
    /// Throws the error if there is none.
    func begin() async throws {
        guard let first = try await pull() else { throw unfinished }
        var attempts = accounts.attempts
        if let last = attempts.indices.last {
            attempts[last].milliseconds = Int((ContinuousClock.now - start).milliseconds)
        }
        var begin = Inference.Event()
        begin.begin = Inference.Begin(model: name, attempts: attempts)
        state.withLock { $0.first = [begin] + first }
    }

    /// Returns the next events; `nil` after the finish event.
    func next() async throws -> [Inference.Event]? {
        let first = state.withLock { state in
            defer { state.first = [] }
            return state.first
        }
        return first.isEmpty ? try await pull() : first
    }

    private func pull() async throws -> [Inference.Event]? {
        do {
            while true {
                state.withLock { $0.pace.wait(at: .now) }
                guard let events = try await upstream.nextBatch() else { return try end() }
                let counted = try state.withLock { state throws in try take(events, &state) }
                if !counted.isEmpty { return counted }
            }
        } catch {
            return try handle(error)
        }
    }

    /// Cancels the generation, which closes the provider's connection.
    func cancel() {
        complete { runtime.metrics.ended(CancellationError()) }
        upstream.close()
    }

    /// Counts the events, and returns those up to the finish event.
    private func take(_ events: [Inference.Event], _ state: inout State) throws -> [Inference.Event] {
        // Events after the finish are ignored.
        guard !state.hasFinish else { return [] }
        var counted: [Inference.Event] = []
        for event in events where !event.isEmpty {
            counted.append(try account(for: event, &state))
            if state.hasFinish { break }
        }
        state.pace.progress(isFinished: state.hasFinish)
        return counted
    }

    /// Counts an event, and removes characters that cannot be stored.
    private func account(for event: Inference.Event, _ state: inout State) throws -> Inference.Event {
        var event = event
        event.text = event.text.map(Self.storable)
        event.reasoning = event.reasoning.map(Self.storable)
        event.refusal = event.refusal.map(Self.storable)
        let arguments = event.toolCalls?.reduce(0) { $0 + ($1.arguments?.utf8.count ?? 0) + 16 } ?? 0
        state.extra += event.logprobs?.text.utf8.count ?? 0
        guard state.extra <= Self.extraLimit else { throw tooLong }
        state.bytes += arguments + (event.text?.utf8.count ?? 0) + (event.reasoning?.utf8.count ?? 0)
        state.bytes += event.refusal?.utf8.count ?? 0
        guard state.bytes <= Self.sizeLimit else { throw tooLong }
        if !state.hasText {
            state.hasText = true
            runtime.metrics.sawFirstToken(after: .now - start)
        }
        guard let finish = event.finish else { return event }
        event.finish?.usage = Pricing.usage(
            finish.usage,
            promptBytes: accounts.promptBytes,
            completionBytes: state.bytes,
            price: accounts.price
        )
        state.hasFinish = true
        runtime.metrics.completed(bytes: state.bytes, usage: event.finish?.usage)
        return event
    }

    /// Replaces NUL, which ends texts in the store.
    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    private var tooLong: Fault {
        Fault(.provider, "The answer of \(name) exceeded \(Self.sizeLimit >> 20) MB and was ended.")
    }

    private var unfinished: ProviderError {
        ProviderError(.broken, Fault(.cut, "The answer of \(name) ended without a finish reason. Try again."))
    }

    private func end() throws -> [Inference.Event]? {
        guard state.withLock({ $0.hasFinish }) else { throw unfinished }
        complete {}
        return nil
    }

    /// Ends the generation after an error of the stream, which is ignored after the finish event.
    private func handle(_ error: any Error) throws -> [Inference.Event]? {
        let (hasFinish, passed) = state.withLock { ($0.hasFinish, $0.passed) }
        let cause = passed.map { ProviderError($0.cause, fault($0)) } ?? error
        complete { runtime.metrics.ended(cause) }
        upstream.close()
        if hasFinish { return nil }
        // Retry advice is useful only before the first event.
        if let error = cause as? ProviderError, isBegun { throw error.logged() }
        throw cause
    }

    private var isBegun: Bool { state.withLock { $0.hasText } }

    /// Returns the slot, once.
    private func complete(_ count: () -> Void) {
        let (isFirst, hasFinish) = state.withLock { state in
            defer { state.isOver = true }
            return (!state.isOver, state.hasFinish)
        }
        guard isFirst else { return }
        GenerationTimeoutMonitor.shared.remove(self)
        runtime.queue.release()
        if !hasFinish { count() }
    }

    /// Closes the provider's connection if a timeout has expired; the reader receives the error.
    func checkTimeouts(at now: ContinuousClock.Instant) {
        let hasPassed = state.withLock { state in
            guard !state.isOver, state.passed == nil, case .expired(let limit) = state.pace.status(at: now) else {
                return false
            }
            state.passed = limit
            return true
        }
        if hasPassed { upstream.close() }
    }

    private func fault(_ limit: GenerationTimeoutTracker.Limit) -> Fault {
        switch limit {
        case .firstToken:
            Fault(
                .timeout,
                "\(name) gave no first token within \(limits.firstToken.seconds) seconds. "
                    + "A large model may still be loading: try again, or set FIRST_TOKEN_TIMEOUT higher."
            )
        case .gap, .settling:
            Fault(
                .timeout,
                "\(name) sent nothing for \(limits.gap.seconds) seconds in the middle of its answer. Try again."
            )
        case .whole:
            Fault(
                .timeout,
                "\(name) did not finish within \(limits.whole.seconds) seconds. "
                    + "Ask for a shorter answer, or set RUN_TIMEOUT higher."
            )
        }
    }
}
