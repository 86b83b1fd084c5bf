import Bus
import Contracts
import Synchronization

/// A generation in progress.
///
/// It enforces its timeouts and its maximum size, requires content and a finish event, keeps its ``AdmittedCall`` until it
/// ends, and records metrics. Thread-safe.
final class Generation: Sendable {
    private struct State {
        var pace: GenerationTimeoutTracker
        var passed: GenerationTimeoutTracker.Limit?
        var hasContent = false
        var hasFinish = false
        var isOver = false
        var bytes = 0
        /// The size of the log probabilities and of opaque data, in bytes.
        var extra = 0
        /// The options of the request that the provider says it ignores.
        var ignoredOptions: [String]?
        /// The first events, received by `begin()` and not yet returned by `next()`.
        var first: [Inference.Event] = []
    }

    /// Maximum size of an answer, in bytes: a model may generate text without end.
    private static let sizeLimit = Run.maxAnswerBytes
    /// Maximum size of the log probabilities and of opaque data, in bytes.
    private static let extraLimit = 64 << 20

    private let call: AdmittedCall
    private let upstream: ElementStream<Inference.Event>
    private let promptBytes: Int
    private let state: Mutex<State>

    private var name: String { call.target.name }
    private var limits: GenerationTimeouts { call.limits }

    /// Creates a generation that the provider has accepted, and keeps its call.
    ///
    /// - Parameters:
    /// - call: the attempt that the generation belongs to.
    /// - upstream: the provider's events.
    /// - promptBytes: the size of the prompt in bytes, for estimating tokens.
    init(call: AdmittedCall, upstream: ElementStream<Inference.Event>, promptBytes: Int) {
        self.call = call
        self.upstream = upstream
        self.promptBytes = promptBytes
        state = Mutex(State(pace: GenerationTimeoutTracker(limits: call.limits, start: call.start)))
        call.keep()
        GenerationTimeoutMonitor.shared.add(self)
    }

    deinit {
        cancel()
    }

    /// Waits for the first content of the answer, or for its end.
    ///
    /// Throws the error if there is neither.
    func begin() async throws {
        var first: [Inference.Event] = []
        repeat {
            guard let events = try await pull() else { throw unfinished }
            first += events
        } while !state.withLock { $0.hasContent || $0.hasFinish }
        let milliseconds = Int((ContinuousClock.now - call.start).milliseconds)
        let attempts = call.attempts + [Attempt(model: name, outcome: .answered, milliseconds: milliseconds)]
        var begin = Inference.Event()
        call.began()
        state.withLock { state in
            begin.begin = Inference.Begin(model: name, attempts: attempts, ignoredOptions: state.ignoredOptions)
            state.first = [begin] + first
        }
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
        let silence = state.withLock { $0.pace.silence(at: .now) }
        complete(.left(silence: silence)) { call.runtime.metrics.ended(CancellationError()) }
        upstream.close()
    }

    /// Counts the events, and returns those up to the finish event.
    private func take(_ events: [Inference.Event], _ state: inout State) throws -> [Inference.Event] {
        // Events after the finish are ignored.
        guard !state.hasFinish else { return [] }
        var counted: [Inference.Event] = []
        for event in events {
            if let ignored = event.begin?.ignoredOptions { state.ignoredOptions = ignored }
            guard !event.isEmpty else { continue }
            counted.append(try account(for: event, &state))
            if event.hasContent || state.hasFinish { state.pace.progress(isFinished: state.hasFinish) }
            if state.hasFinish { break }
        }
        return counted
    }

    /// Counts an event, and removes characters that cannot be stored.
    private func account(for event: Inference.Event, _ state: inout State) throws -> Inference.Event {
        var event = event
        event.begin = nil
        event.text = event.text.map(Self.storable)
        event.reasoning = event.reasoning.map(Self.storable)
        event.refusal = event.refusal.map(Self.storable)
        let arguments = event.toolCalls?.reduce(0) { $0 + ($1.arguments?.utf8.count ?? 0) + 16 } ?? 0
        state.extra += (event.logprobs?.text.utf8.count ?? 0) + (event.partMetadata?.text.utf8.count ?? 0)
        guard state.extra <= Self.extraLimit else { throw tooLong }
        state.bytes += arguments + (event.text?.utf8.count ?? 0) + (event.reasoning?.utf8.count ?? 0)
        state.bytes += event.refusal?.utf8.count ?? 0
        guard state.bytes <= Self.sizeLimit else { throw tooLong }
        if !state.hasContent, event.hasContent {
            state.hasContent = true
            call.runtime.metrics.sawFirstToken(after: .now - call.start)
        }
        guard let finish = event.finish else { return event }
        guard state.hasContent || !finish.reason.requiresContent else { throw emptyAnswer }
        event.finish?.usage = Pricing.usage(
            finish.usage,
            promptBytes: promptBytes,
            completionBytes: state.bytes,
            price: call.target.price
        )
        state.hasFinish = true
        call.runtime.metrics.completed(bytes: state.bytes, usage: event.finish?.usage)
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

    private var emptyAnswer: ProviderError {
        ProviderError(
            .empty,
            Fault(.provider, "\(name) gave an empty answer. Try again, or choose another model.")
        )
    }

    private func end() throws -> [Inference.Event]? {
        guard state.withLock({ $0.hasFinish }) else { throw unfinished }
        complete(.completed) {}
        return nil
    }

    /// Ends the generation after an error of the stream, which is ignored after the finish event.
    private func handle(_ error: any Error) throws -> [Inference.Event]? {
        let (isBegun, hasFinish, passed) = state.withLock { ($0.hasContent, $0.hasFinish, $0.passed) }
        // What comes after the end cannot fail a complete answer.
        if hasFinish {
            complete(.completed) {}
            upstream.close()
            return nil
        }
        let cause = passed.map { ProviderError($0.cause, fault($0)) } ?? error
        complete(.failed(cause)) { call.runtime.metrics.ended(cause) }
        upstream.close()
        // Retry advice is useful only before the first content.
        if let error = cause as? ProviderError, isBegun { throw error.logged() }
        throw cause
    }

    /// Ends the call, once.
    private func complete(_ end: AdmittedCall.End, _ count: () -> Void) {
        let (isFirst, hasFinish) = state.withLock { state in
            defer { state.isOver = true }
            return (!state.isOver, state.hasFinish)
        }
        guard isFirst else { return }
        GenerationTimeoutMonitor.shared.remove(self)
        // A client may leave as soon as it has the whole answer.
        call.end(hasFinish ? .completed : end)
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

extension Inference.Event {
    /// Whether the event contains output of the model.
    var hasContent: Bool {
        text?.isEmpty == false || reasoning?.isEmpty == false || refusal?.isEmpty == false
            || toolCalls?.isEmpty == false
    }
}

extension Inference.Finish.Reason {
    /// Whether an answer that ends so without content is none; a limit or a filter may leave nothing of it.
    fileprivate var requiresContent: Bool { self == .stop || self == .toolCalls }
}
