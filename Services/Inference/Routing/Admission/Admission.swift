import Bus
import Contracts
import Logging

/// The one way to a provider, for every kind of call: queue, circuit breaker, attempt, and then a retry or the next target.
///
/// What follows from an error is in the table ``Cause/consequence`` only.
struct Admission: Sendable {
    let runtimes: [String: ProviderRuntime]
    let breakers: CircuitBreakers
    let retries: RetryPolicy
    private let queues = TargetQueues()
    private let metrics = ModelMetrics()

    init(runtimes: [String: ProviderRuntime], retries: RetryPolicy = RetryPolicy(), opensCircuits: Bool = true) {
        self.runtimes = runtimes
        self.retries = retries
        breakers = CircuitBreakers(metrics: metrics, isEnabled: opensCircuits)
    }

    /// The state of a target, which decides its place among others.
    func condition(of target: Target) -> TargetPolicy.Condition {
        guard let runtime = runtimes[target.server] else { return TargetPolicy.Condition(isHealthy: false) }
        let own = queues.queue(of: target, runtime)?.load ?? 0
        return TargetPolicy.Condition(isHealthy: !breakers.isOpen(target), load: max(own, runtime.queue.load))
    }

    /// Tries the targets in order until one of them answers, and returns its answer.
    ///
    /// `perform` makes one attempt: it throws a ``ProviderError``, or a `Fault` if the request itself is at fault. The slot
    /// of the attempt is returned afterwards, unless the call is kept: ``AdmittedCall/keep()``.
    ///
    /// Throws the first target's real error with all attempts, or `CancellationError`.
    func run<Answer: Sendable>(
        _ request: AdmissionRequest,
        targets: [Target],
        _ perform: (AdmittedCall) async throws -> Answer
    ) async throws -> Answer {
        var log = AdmissionLog(earlier: request.earlier)
        for (index, target) in targets.enumerated() where log.mayHelp(target) {
            do {
                return try await ask(target, targets[(index + 1)...], request, &log, perform)
            } catch let error as ProviderError {
                // The first target speaks for the request; a fallback's objection does not end the chain.
                if error.cause.consequence.nextTarget == .afterFallback, index == 0 { break }
                guard request.deadline > .now else { break }
            }
        }
        throw log.result
    }

    /// Asks one target, with retries; throws its last error.
    private func ask<Answer: Sendable>(
        _ target: Target,
        _ rest: ArraySlice<Target>,
        _ request: AdmissionRequest,
        _ log: inout AdmissionLog,
        _ perform: (AdmittedCall) async throws -> Answer
    ) async throws -> Answer {
        guard let runtime = runtimes[target.server] else {
            let error = ProviderError(.modelMissing, Fault(.missing, "Provider \(target.server) not found."))
            record(error, of: target, since: .now, request, &log)
            throw error
        }
        runtime.budget.earn()
        let fallbacks = rest.count { log.mayHelp($0) && !breakers.isOpen($0) }
        let beginning = AdmissionDeadline.beginning(.now, until: request.deadline, fallbacks: fallbacks)
        var tries = 0
        while true {
            let start = ContinuousClock.now
            do {
                let call = try await admit(target, runtime, request, log.attempts, beginning, fallbacks > 0)
                return try await attempt(call, perform)
            } catch let error as ProviderError {
                record(error, of: target, since: start, request, &log)
                let isLast = !rest.contains { log.mayHelp($0) && !breakers.isOpen($0) }
                let decision = RetryDecision(policy: retries, isLast: isLast, isFree: target.isFree)
                guard let pause = decision.pause(after: error, tries: tries, timeLeft: beginning - .now),
                    runtime.budget.spend()
                else { throw error }
                runtime.metrics.retried()
                tries += 1
                try await Task.sleep(for: pause)
            }
        }
    }

    /// Waits for a slot; the circuit breaker is asked before and after.
    private func admit(
        _ target: Target,
        _ runtime: ProviderRuntime,
        _ request: AdmissionRequest,
        _ attempts: [Attempt],
        _ beginning: ContinuousClock.Instant,
        _ hasFallback: Bool
    ) async throws -> AdmittedCall {
        if let wait = breakers.refusal(of: target) { throw Self.circuitOpen(target, for: wait) }
        let slots = try await enter(target, runtime, request, beginning, hasFallback)
        do throws(ProviderError) {
            let now = ContinuousClock.now
            // A request that waited out its time is not sent: nobody waits for its answer.
            guard now < beginning else { throw Self.waitedTooLong(runtime.provider.name) }
            if case .refused(let wait) = breakers.admit(target) { throw Self.circuitOpen(target, for: wait) }
            return AdmittedCall(
                target: target,
                runtime: runtime,
                attempts: attempts,
                start: now,
                limits: AdmissionDeadline.timeouts(
                    runtime.limits,
                    target,
                    now: now,
                    beginning: beginning,
                    deadline: request.deadline
                ),
                slots: slots,
                breakers: breakers
            )
        } catch {
            for queue in slots { queue.release() }
            throw error
        }
    }

    /// Waits for a slot of the target, if it has a limit of its own, and of its provider.
    private func enter(
        _ target: Target,
        _ runtime: ProviderRuntime,
        _ request: AdmissionRequest,
        _ beginning: ContinuousClock.Instant,
        _ hasFallback: Bool
    ) async throws -> [ProviderQueue] {
        var slots: [ProviderQueue] = []
        do {
            for queue in [queues.queue(of: target, runtime), runtime.queue].compactMap(\.self) {
                let left = beginning - .now
                try await queue.enter(
                    request.user,
                    bytes: request.bytes,
                    within: AdmissionDeadline.wait(runtime.limits, left: left, hasFallback: hasFallback)
                ) { request.report(.queued($0)) }
                slots.append(queue)
            }
            request.report(.leftQueue)
            return slots
        } catch {
            for queue in slots { queue.release() }
            request.report(.leftQueue)
            guard let refusal = error as? QueueRejection else { throw error }
            throw ProviderError(refusal.cause, refusal.fault)
        }
    }

    private func attempt<Answer: Sendable>(
        _ call: AdmittedCall,
        _ perform: (AdmittedCall) async throws -> Answer
    ) async throws -> Answer {
        do {
            let answer = try await perform(call)
            if !call.isKept { call.end(.completed) }
            return answer
        } catch is CancellationError {
            call.end(.left(silence: .now - call.start))
            throw CancellationError()
        } catch let fault as Fault {
            let error = ProviderError(fault)
            call.end(.failed(error))
            throw error
        } catch {
            call.end(.failed(error))
            throw error
        }
    }

    private func record(
        _ error: ProviderError,
        of target: Target,
        since start: ContinuousClock.Instant,
        _ request: AdmissionRequest,
        _ log: inout AdmissionLog
    ) {
        let attempt = Attempt(
            model: target.name,
            outcome: error.cause.attemptOutcome,
            code: error.fault.code,
            cause: error.cause.rawValue,
            status: error.status,
            milliseconds: Int((ContinuousClock.now - start).milliseconds)
        )
        log.add(attempt, error, window: target.window)
        request.report(.failed(attempt))
        metrics.count(attempt, of: target)
        // Only the operator can replace a key or pay a bill, and a fallback would hide it.
        let isLoud = error.cause == .credential || error.cause == .spent
        Logger.current.log(
            level: isLoud ? .error : attempt.outcome == .failed ? .notice : .debug,
            "Attempt",
            metadata: error.metadata.merging(["model.name": "\(target.name)", "outcome": "\(attempt.outcome)"]) { $1 }
        )
    }

    private static func circuitOpen(_ target: Target, for wait: Duration) -> ProviderError {
        let fault = Fault(
            .unavailable,
            "\(target.name) failed repeatedly, so it is not used for a moment. Try again in a few seconds.",
            retryAfter: Int(wait.components.seconds) + 1
        )
        return ProviderError(.circuitOpen, fault)
    }

    private static func waitedTooLong(_ provider: String) -> ProviderError {
        ProviderError(
            .queueTimeout,
            Fault(.timeout, "The request waited in the queue of \(provider) until its time was over. Try again later.")
        )
    }
}

extension Cause {
    /// How an attempt with this cause is reported.
    fileprivate var attemptOutcome: Attempt.Outcome {
        switch self {
        case .circuitOpen: .skipped
        case .queueFull, .queueTimeout: .refused
        default: .failed
        }
    }
}
