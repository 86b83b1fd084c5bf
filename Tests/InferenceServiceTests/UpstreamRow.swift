import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// A state of a provider and the expected result.
struct UpstreamRow: Sendable {
    /// The expected retries and fallbacks.
    enum RetryAdvice {
        /// Two retries, then another model; five failures in a row open the circuit breaker.
        case retry
        /// The same, but the circuit breaker stays closed.
        case retryWithoutOutage
        /// Another model immediately; without one, two retries if they cost nothing. It opens the circuit breaker.
        case silence
        /// Another model immediately.
        case tryAnotherModel(isOutage: Bool)
        /// Neither retries nor fallbacks.
        case none
        /// The same, because the answer has begun; five failures in a row open the circuit breaker.
        case brokenOff
    }

    let name: String
    let upstream: Upstream
    /// `nil` for a complete answer.
    let code: Fault.Code?
    let retryAdvice: RetryAdvice
    /// The received text.
    let text: String
    /// The finish reason, if there is one.
    let finish: Inference.Finish.Reason?
    let limits: GenerationTimeouts
    /// The APIs that can be in this state.
    let dialects: [FakeDialect]
    /// A text that the error message must contain.
    let says: String
    /// The error code for Gemini, if it differs.
    let geminiCode: Fault.Code?

    var cases: [UpstreamCase] { dialects.map { UpstreamCase(row: self, dialect: $0) } }

    init(
        _ name: String,
        _ upstream: Upstream,
        _ code: Fault.Code?,
        _ retryAdvice: RetryAdvice,
        text: String = "",
        finish: Inference.Finish.Reason? = nil,
        limits: GenerationTimeouts = GenerationTimeouts(),
        dialects: [FakeDialect] = FakeDialect.allCases,
        says: String = "",
        geminiCode: Fault.Code? = nil
    ) {
        self.name = name
        self.upstream = upstream
        self.code = code
        self.retryAdvice = retryAdvice
        self.text = text
        self.finish = finish
        self.limits = limits
        self.dialects = dialects
        self.says = says
        self.geminiCode = geminiCode
    }
}

/// A row for one API.
struct UpstreamCase: Sendable, CustomTestStringConvertible {
    private static let trial = "demo/demo"
    private static let quick = RetryPolicy(limit: 2, firstPause: .milliseconds(1))

    let row: UpstreamRow
    let dialect: FakeDialect

    var testDescription: String { "\(dialect.rawValue): \(row.name)" }

    /// Sends a request alone, with a fallback, and repeatedly.
    func check() async throws {
        try await row.upstream.with(dialect) { url, asked, isLeft in
            let outcome = try await Reading(of: routing(to: url, retries: Self.quick), dialect.model)
            try check(outcome, at: url)
            if let asked { #expect(asked() == tries) }
            try await checkFallback(url)
            try await checkCircuit(url)
            try await eventually("The connection is left") { isLeft() }
        }
    }

    private func check(_ outcome: Reading, at url: String) throws {
        #expect(outcome.text == row.text)
        #expect(outcome.finish == row.finish)
        #expect(outcome.fault?.code == code)
        guard let fault = outcome.fault else { return }
        let sentence = fault.message
        #expect(sentence.hasSuffix("."))
        #expect(sentence.count < 500)
        #expect(sentence.lowercased().contains(dialect.provider.lowercased()))
        #expect(!sentence.contains(url) && !sentence.contains("127.0.0.1"), "\(sentence)")
        #expect(row.says.isEmpty || sentence.contains(row.says))
        #expect(!sentence.contains("a-key"))
        let advice = ["Set ", "Check ", "ry again", "Choose", "Shorten", "Send less", "Get it", "Ask for"]
        #expect(row.code == .rejected || advice.contains { sentence.contains($0) }, "\(sentence)")
        if row.text.isEmpty {
            #expect(fault.attempts?.map(\.outcome) == Array(repeating: .failed, count: tries))
            #expect(fault.attempts?.allSatisfy { $0.code == code } == true)
        }
    }

    private func checkFallback(_ url: String) async throws {
        let fallbacks = [dialect.model: [Self.trial]]
        let routing = try routing(to: url, retries: RetryPolicy(limit: 0), fallbacks: fallbacks)
        let outcome = try await Reading(of: routing, dialect.model)
        #expect((outcome.model == Self.trial) == fallsBack)
        #expect((outcome.fault == nil) == (fallsBack || row.code == nil))
    }

    private func checkCircuit(_ url: String) async throws {
        let routing = try routing(to: url, retries: RetryPolicy(limit: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { _ = try await Reading(of: routing, dialect.model) } }
            try await group.waitForAll()
        }
        var isSkipped = false
        // On a busy machine the first request may already be the trial after the pause.
        for _ in 0..<(opensCircuit ? 3 : 1) where !isSkipped {
            let last = try await Reading(of: routing, dialect.model)
            isSkipped = last.fault?.attempts?.map(\.outcome) == [.skipped]
        }
        #expect(isSkipped == opensCircuit)
    }

    private func routing(
        to url: String,
        retries: RetryPolicy,
        fallbacks: [String: [String]] = [:]
    ) throws -> Routing {
        let providers: [any Provider] = [
            try dialect.provider(at: url, client: row.upstream.client), DemoProvider(pace: .zero),
        ]
        // The limits are those of the model that fails: the fallback has the time it needs.
        let runtimes = providers.map { provider in
            let limits = provider is DemoProvider ? GenerationTimeouts() : row.limits
            return ProviderRuntime(provider: provider, limits: limits, concurrency: 64, queueLimit: 256)
        }
        let catalogue = Catalogue(providers: providers, defaultModel: nil)
        return Routing(catalogue: catalogue, runtimes: runtimes, fallbacks: fallbacks, retries: retries)
    }

    private var code: Fault.Code? { dialect == .gemini ? row.geminiCode ?? row.code : row.code }

    private var tries: Int {
        switch row.retryAdvice {
        case .retry, .retryWithoutOutage: 3
        case .silence: dialect == .ollama ? 3 : 1
        case .tryAnotherModel, .none, .brokenOff: 1
        }
    }

    private var fallsBack: Bool {
        switch row.retryAdvice {
        case .retry, .retryWithoutOutage, .silence, .tryAnotherModel: true
        case .none, .brokenOff: false
        }
    }

    private var opensCircuit: Bool {
        switch row.retryAdvice {
        case .retry, .silence, .brokenOff: true
        case .retryWithoutOutage, .none: false
        case .tryAnotherModel(let isOutage): isOutage
        }
    }
}

/// The result of one request; nothing may follow its end.
private struct Reading {
    var model: String?
    var text = ""
    var finish: Inference.Finish.Reason?
    var fault: Fault?

    init(of routing: Routing, _ model: String) async throws {
        do {
            let stream = try await routing.generate(GenerationRequest(question(model: model)), CallContext())
            defer { stream.close() }
            do {
                while let batch = try await stream.nextBatch() { add(batch) }
            } catch let fault as Fault {
                self.fault = fault
                do {
                    if let more = try await stream.nextBatch() { add(more) }
                } catch {}
            }
        } catch let fault as Fault {
            self.fault = fault
        }
    }

    private mutating func add(_ batch: [Inference.Event]) {
        for event in batch {
            #expect(finish == nil && fault == nil, "Nothing follows the end.")
            model = event.begin?.model ?? model
            text += event.text ?? ""
            finish = event.finish?.reason ?? finish
        }
    }
}
