import Bus
import Contracts
import Synchronization

/// One generation on its way, whatever its provider: minds its limits, insists on a finish, keeps its place in the
/// queue until it is over, and counts.
final class Generation: Sendable {
    /// What is told of a generation beside its text.
    struct Accounts: Sendable {
        /// What was tried; the last is this one.
        var attempts: [Attempt]
        /// How many bytes the messages have, from which tokens are estimated.
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
        /// Bytes beside the answer: how probable its tokens were.
        var extra = 0
        /// The first piece, which was waited for before anybody was told of the generation.
        var first: [Inference.Event] = []
    }

    /// The longest answer in bytes; a model that finds no end must not fill the memory of those who wait for it.
    private static let sizeLimit = 4 << 20
    /// The most that is told of its tokens, in bytes.
    private static let extraLimit = 64 << 20

    private let name: String
    private let upstream: ElementStream<Inference.Event>
    private let runtime: ProviderRuntime
    private let limits: GenerationTimeouts
    private let start: ContinuousClock.Instant
    private let accounts: Accounts
    private let state: Mutex<State>

    /// A generation that its provider has accepted; `name` is the model's, `start` when the provider was asked.
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
        leave()
    }

    /// Waits for the first piece of the answer.
    ///
    /// Throws what came instead.
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

    /// What the provider gave since the last time; `nil` once it is finished.
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
            return try settle(error)
        }
    }

    /// Leaves: the provider's connection is closed at once.
    func leave() {
        over { runtime.metrics.ended(CancellationError()) }
        upstream.close()
    }

    /// The events that are told, counted.
    private func take(_ events: [Inference.Event], _ state: inout State) throws -> [Inference.Event] {
        // What comes after the finish is none of ours.
        guard !state.hasFinish else { return [] }
        var counted: [Inference.Event] = []
        for event in events where !event.isEmpty {
            counted.append(try account(for: event, &state))
            if state.hasFinish { break }
        }
        state.pace.progress(isFinished: state.hasFinish)
        return counted
    }

    /// Counts an event, and makes it one that everybody can store.
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

    /// NUL ends texts where they are stored, and says nothing.
    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    /// Which model, and where.
    private var place: String { runtime.provider.address.map { "\(name) at \($0)" } ?? name }

    private var tooLong: Fault {
        Fault(.provider, "The answer of \(place) grew beyond \(Self.sizeLimit >> 20) MB and was given up.")
    }

    private var unfinished: ProviderError {
        ProviderError(Fault(.cut, "The answer of \(place) stopped without saying that it was done. Try again."), .retry)
    }

    private func end() throws -> [Inference.Event]? {
        guard state.withLock({ $0.hasFinish }) else { throw unfinished }
        over {}
        return nil
    }

    /// Turns what ended the stream into what it means; after the finish nothing can be lost any more.
    private func settle(_ error: any Error) throws -> [Inference.Event]? {
        let (hasFinish, passed) = state.withLock { ($0.hasFinish, $0.passed) }
        let cause = passed.map { ProviderError(fault($0), .retry) } ?? error
        over { runtime.metrics.ended(cause) }
        upstream.close()
        if hasFinish { return nil }
        // Who reads a stream wants to know what happened; what may help concerns only who has not begun to read.
        if let error = cause as? ProviderError, isBegun { throw error.fault }
        throw cause
    }

    private var isBegun: Bool { state.withLock { $0.hasText } }

    /// Gives the place back, once.
    private func over(_ count: () -> Void) {
        let (isFirst, hasFinish) = state.withLock { state in
            defer { state.isOver = true }
            return (!state.isOver, state.hasFinish)
        }
        guard isFirst else { return }
        GenerationTimeoutMonitor.shared.remove(self)
        runtime.queue.leave()
        if !hasFinish { count() }
    }

    /// RefreshNumbers whether a limit has passed; if so, the provider is left, and whoever waits is told.
    func look(at now: ContinuousClock.Instant) {
        let hasPassed = state.withLock { state in
            guard !state.isOver, state.passed == nil, case .passed(let limit) = state.pace.verdict(at: now) else {
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
                "\(place) gave no first token within \(limits.firstToken.seconds) seconds. "
                    + "A large model may still be loading: try again, or set FIRST_TOKEN_TIMEOUT higher."
            )
        case .gap, .settling:
            Fault(
                .timeout,
                "\(place) fell silent for \(limits.gap.seconds) seconds in the middle of its answer. Try again."
            )
        case .whole:
            Fault(
                .timeout,
                "\(place) was not done after \(limits.whole.seconds) seconds. "
                    + "Ask for a shorter answer, or set RUN_TIMEOUT higher."
            )
        }
    }
}
