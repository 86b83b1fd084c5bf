import Bus
import Contracts
import Logging
import Metrics

/// One request on its way to a model that answers: which are tried, how often, and what became of each.
///
/// Nothing is tried again once a model has given the first piece of its answer.
struct GenerationDispatcher {
    let request: GenerationRequest
    /// Whose request it is, so that the queues are fair.
    let user: String
    let isUnary: Bool
    let runtimes: [String: ProviderRuntime]
    let breakers: CircuitBreakers
    let prices: PriceList
    let retries: RetryPolicy
    /// When the answer stops being of use.
    let deadline: ContinuousClock.Instant
    private var attempts: [Attempt] = []

    init(
        request: GenerationRequest,
        user: String,
        isUnary: Bool,
        runtimes: [String: ProviderRuntime],
        breakers: CircuitBreakers,
        prices: PriceList,
        retries: RetryPolicy,
        deadline: ContinuousClock.Instant
    ) {
        self.request = request
        self.user = user
        self.isUnary = isUnary
        self.runtimes = runtimes
        self.breakers = breakers
        self.prices = prices
        self.retries = retries
        self.deadline = deadline
    }

    /// Tries the models in order until one begins to answer.
    ///
    /// Throws what kept the first of them from it, with all attempts, or `CancellationError`.
    mutating func begin(_ chain: [ModelDirectory.Route]) async throws -> Generation {
        var first: ProviderError?
        for (index, route) in chain.enumerated() {
            do {
                return try await pursue(route, isLast: index == chain.count - 1)
            } catch let error as ProviderError {
                first = first ?? error
                if error.retryAdvice == .none { break }
                guard deadline > .now else { break }
            }
        }
        var fault = first?.fault ?? Fault(.missing, "There is no model to ask.")
        fault.attempts = attempts
        throw fault
    }

    /// Tries one model, again if that may help.
    private mutating func pursue(_ route: ModelDirectory.Route, isLast: Bool) async throws -> Generation {
        guard let runtime = runtimes[route.provider] else {
            throw ProviderError(Fault(.missing, "There is no provider \(route.provider)."), .tryAnotherModel)
        }
        runtime.budget.earn()
        var tries = 0
        while true {
            if case .refused(let wait) = breakers.admit(route.name) { throw skip(route, for: wait) }
            let start = ContinuousClock.now
            do {
                let generation = try await attempt(route, runtime, since: start)
                breakers.succeeded(route.name)
                return generation
            } catch let error as ProviderError {
                judge(route, error)
                note(route, .failed, error, since: start)
                guard let pause = pause(after: error, tries, runtime, isLast: isLast) else { throw error }
                tries += 1
                try await Task.sleep(for: pause)
            } catch let refusal as QueueRejection {
                breakers.abandoned(route.name)
                let error = ProviderError(refusal.fault, .tryAnotherModel)
                note(route, .refused, error, since: start)
                throw error
            } catch {
                breakers.abandoned(route.name)
                throw error
            }
        }
    }

    /// What a failure says of the model: nothing, where the provider was not even asked.
    private func judge(_ route: ModelDirectory.Route, _ error: ProviderError) {
        if error.isOutage {
            breakers.failed(route.name)
        } else if error.status != nil {
            breakers.succeeded(route.name)
        } else {
            breakers.abandoned(route.name)
        }
    }

    /// Waits for a place, asks, and waits for the first piece of the answer.
    private func attempt(
        _ route: ModelDirectory.Route,
        _ runtime: ProviderRuntime,
        since start: ContinuousClock.Instant
    ) async throws -> Generation {
        try await runtime.queue.enter(user, within: max(.zero, deadline - .now))
        runtime.metrics.began()
        let asked = ContinuousClock.now
        var limits = runtime.limits
        limits.whole = min(limits.whole, deadline - asked)
        if isUnary, runtime.provider.supportsUnaryResponses { limits.firstToken = limits.whole }
        do {
            let responseTimeout = max(.milliseconds(1), min(limits.firstToken, limits.whole))
            let prompt = request.prompt(model: route.model, responseTimeout: responseTimeout, isUnary: isUnary)
            let answered = Attempt(model: route.name, outcome: .answered, milliseconds: 0)
            let generation = Generation(
                name: route.name,
                upstream: try await runtime.provider.generate(prompt),
                runtime: runtime,
                limits: limits,
                start: asked,
                accounts: Generation.Accounts(
                    attempts: attempts + [answered],
                    promptBytes: request.promptBytes,
                    price: prices.price(of: route.model, from: route.provider)
                )
            )
            // From here on it is the generation that gives the place back.
            return try await begin(generation)
        } catch let error as GenerationStartError {
            throw error.cause
        } catch {
            runtime.queue.leave()
            runtime.metrics.ended(error)
            throw Self.providerError(error)
        }
    }

    private func begin(_ generation: Generation) async throws(GenerationStartError) -> Generation {
        do {
            try await generation.begin()
            return generation
        } catch {
            generation.leave()
            throw GenerationStartError(cause: Self.providerError(error))
        }
    }

    private func pause(after error: ProviderError, _ tries: Int, _ runtime: ProviderRuntime, isLast: Bool) -> Duration?
    {
        guard error.retryAdvice == .retry, let pause = retries.pause(after: tries, asked: error.delay),
            .now + pause < deadline,
            // Another model now is better than the same one much later.
            isLast || pause <= .seconds(2), runtime.budget.spend()
        else { return nil }
        runtime.metrics.retried()
        return pause
    }

    private mutating func skip(_ route: ModelDirectory.Route, for wait: Duration) -> ProviderError {
        let fault = Fault(
            .unavailable,
            "\(route.name) failed again and again, so it is not asked now. Try again in a few seconds.",
            retryAfter: Int(wait.components.seconds) + 1
        )
        let error = ProviderError(fault, .tryAnotherModel)
        note(route, .skipped, error, since: .now)
        return error
    }

    private mutating func note(
        _ route: ModelDirectory.Route,
        _ outcome: Attempt.Outcome,
        _ error: ProviderError,
        since start: ContinuousClock.Instant
    ) {
        attempts.append(
            Attempt(
                model: route.name,
                outcome: outcome,
                code: error.fault.code,
                status: error.status,
                milliseconds: Int((ContinuousClock.now - start).milliseconds)
            )
        )
        Counter(
            label: "inference_attempts",
            dimensions: [("model", route.name), ("outcome", outcome.rawValue), ("code", error.fault.code.rawValue)]
        ).increment()
        Logger.current.debug(
            "Attempt",
            metadata: ["model.name": "\(route.name)", "outcome": "\(outcome)", "fault": "\(error.fault.message)"]
        )
    }

    /// What is thrown by who knows nothing of remedies is final; a cancellation stays what it is.
    private static func providerError(_ error: any Error) -> any Error {
        guard let fault = error as? Fault else { return error }
        return ProviderError(fault, fault.code == .timeout || fault.code == .cut ? .retry : .none)
    }
}

/// What ended a generation that held a place already, and has given it back.
private struct GenerationStartError: Error {
    let cause: any Error
}
