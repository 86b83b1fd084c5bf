import Bus
import Contracts
import Logging
import Metrics

/// Sends one request to a model and its fallbacks, with retries, and records each attempt.
///
/// There are no retries after the first event of an answer.
struct GenerationDispatcher {
    let request: GenerationRequest
    /// The user, for fair queues.
    let user: String
    let isUnary: Bool
    let runtimes: [String: ProviderRuntime]
    let breakers: CircuitBreakers
    let prices: PriceList
    let retries: RetryPolicy
    /// The caller's deadline.
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

    /// Tries the models in order until one of them answers.
    ///
    /// Throws the error of the first model with all attempts, or `CancellationError`.
    mutating func begin(_ chain: [ModelDirectory.Route]) async throws -> Generation {
        var first: ProviderError?
        for (index, route) in chain.enumerated() {
            do {
                return try await tryModel(route, isLast: index == chain.count - 1)
            } catch let error as ProviderError {
                first = first ?? error
                if error.cause.consequence.nextTarget == .afterFallback, index == 0 { break }
                guard deadline > .now else { break }
            }
        }
        var fault = first?.fault ?? Fault(.missing, "There is no model for the request.")
        fault.attempts = attempts
        throw fault
    }

    /// Tries one model, with retries.
    private mutating func tryModel(_ route: ModelDirectory.Route, isLast: Bool) async throws -> Generation {
        guard let runtime = runtimes[route.provider], let provider = runtime.provider as? any ChatModels else {
            throw ProviderError(.modelMissing, Fault(.missing, "Provider \(route.provider) has no chat models."))
        }
        runtime.budget.earn()
        var tries = 0
        while true {
            if case .refused(let wait) = breakers.admit(route.name) { throw skip(route, for: wait) }
            let start = ContinuousClock.now
            do {
                let generation = try await attempt(route, provider, runtime, since: start)
                breakers.succeeded(route.name)
                return generation
            } catch let error as ProviderError {
                reportToBreaker(route, error)
                record(route, .failed, error, since: start)
                guard let pause = pause(after: error, tries, runtime, isLast: isLast) else { throw error }
                tries += 1
                try await Task.sleep(for: pause)
            } catch let refusal as QueueRejection {
                breakers.abandoned(route.name)
                let error = ProviderError(.queueFull, refusal.fault)
                record(route, .refused, error, since: start)
                throw error
            } catch {
                breakers.abandoned(route.name)
                throw error
            }
        }
    }

    /// Reports a failure to the circuit breaker, unless the provider was not reached.
    private func reportToBreaker(_ route: ModelDirectory.Route, _ error: ProviderError) {
        if error.isOutage {
            breakers.failed(route.name)
        } else if error.status != nil {
            breakers.succeeded(route.name)
        } else {
            breakers.abandoned(route.name)
        }
    }

    /// Waits for a slot, sends the request, and waits for the first event of the answer.
    private func attempt(
        _ route: ModelDirectory.Route,
        _ provider: any ChatModels,
        _ runtime: ProviderRuntime,
        since start: ContinuousClock.Instant
    ) async throws -> Generation {
        try await runtime.queue.enter(user, within: max(.zero, deadline - .now))
        runtime.metrics.began()
        let asked = ContinuousClock.now
        var limits = runtime.limits
        limits.whole = min(limits.whole, deadline - asked)
        do {
            let responseTimeout = max(.milliseconds(1), min(limits.firstToken, limits.whole))
            let prompt = request.prompt(model: route.model, responseTimeout: responseTimeout, isUnary: isUnary)
            let answered = Attempt(model: route.name, outcome: .answered, milliseconds: 0)
            let generation = Generation(
                name: route.name,
                upstream: request.validated(try await provider.generate(prompt)),
                runtime: runtime,
                limits: limits,
                start: asked,
                accounts: Generation.Accounts(
                    attempts: attempts + [answered],
                    promptBytes: request.promptBytes,
                    price: prices.price(of: route.model, from: route.provider)
                )
            )
            // From here on the generation returns the slot.
            return try await begin(generation)
        } catch let error as GenerationStartError {
            throw error.cause
        } catch {
            runtime.queue.release()
            runtime.metrics.ended(error)
            throw Self.providerError(error)
        }
    }

    private func begin(_ generation: Generation) async throws(GenerationStartError) -> Generation {
        do {
            try await generation.begin()
            return generation
        } catch {
            generation.cancel()
            throw GenerationStartError(cause: Self.providerError(error))
        }
    }

    private func pause(after error: ProviderError, _ tries: Int, _ runtime: ProviderRuntime, isLast: Bool) -> Duration?
    {
        guard error.cause.consequence.sameTarget == .always,
            let pause = retries.pause(after: tries, asked: error.delay),
            .now + pause < deadline,
            // A fallback now is better than a retry much later.
            isLast || pause <= .seconds(2), runtime.budget.spend()
        else { return nil }
        runtime.metrics.retried()
        return pause
    }

    private mutating func skip(_ route: ModelDirectory.Route, for wait: Duration) -> ProviderError {
        let fault = Fault(
            .unavailable,
            "\(route.name) failed repeatedly, so it is not used for a moment. Try again in a few seconds.",
            retryAfter: Int(wait.components.seconds) + 1
        )
        let error = ProviderError(.circuitOpen, fault)
        record(route, .skipped, error, since: .now)
        return error
    }

    private mutating func record(
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
        Logger.current.log(
            level: outcome == .failed ? .notice : .debug,
            "Attempt",
            metadata: error.metadata.merging(["model.name": "\(route.name)", "outcome": "\(outcome)"]) { $1 }
        )
    }

    /// Adds retry advice to a fault that has none; other errors are unchanged.
    private static func providerError(_ error: any Error) -> any Error {
        guard let fault = error as? Fault else { return error }
        return ProviderError(fault.code == .timeout ? .silent : fault.code == .cut ? .broken : .rejected, fault)
    }
}

/// An error of a generation that has already returned its slot.
private struct GenerationStartError: Error {
    let cause: any Error
}
