import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// The one path of all calls, without a network.
@Suite(.timeLimit(.minutes(5))) struct AdmissionTests {
    private let first = Target(server: "demo", model: "first")
    private let second = Target(server: "demo", model: "second")

    private func runtime(concurrency: Int = 8, limits: GenerationTimeouts = GenerationTimeouts()) -> ProviderRuntime {
        ProviderRuntime(provider: DemoProvider(), limits: limits, concurrency: concurrency, queueLimit: 8)
    }

    private func admission(_ runtime: ProviderRuntime, retries: Int = 0) -> Admission {
        Admission(
            runtimes: ["demo": runtime, "other": self.runtime()],
            retries: RetryPolicy(limit: retries, firstPause: .milliseconds(1))
        )
    }

    private func request(within limit: Duration = .seconds(60)) -> AdmissionRequest {
        AdmissionRequest(user: "alice", deadline: .now + limit)
    }

    private func failure(_ cause: Cause) -> ProviderError { ProviderError(cause, Fault(.provider, "\(cause) failed.")) }

    @Test(arguments: Cause.allCases) func `the table decides about the next target`(_ cause: Cause) async throws {
        let admission = admission(runtime())
        let asked = SharedValue<[String]>([])
        let result = await Result { () async throws -> String in
            try await admission.run(request(), targets: [first, second]) { call in
                asked.change { $0.append(call.target.model) }
                guard call.target == second else { throw failure(cause) }
                return "answer"
            }
        }
        if cause.consequence.nextTarget == .always {
            #expect(try result.get() == "answer")
        } else {
            #expect(throws: Fault.self) { try result.get() }
            #expect(asked.value == ["first"])
        }
        #expect(admission.runtimes["demo"]?.queue.load == 0, "Every slot is returned.")
    }

    @Test(arguments: [Cause.rejected, .credential, .tooLarge])
    func `a fallback's objection does not end the chain`(_ cause: Cause) async throws {
        let third = Target(server: "other", model: "third")
        let answer = try await admission(runtime()).run(request(), targets: [first, second, third]) { call in
            if call.target == first { throw failure(.overloaded) }
            if call.target == second { throw failure(cause) }
            return call.attempts.map { "\($0.model) \($0.cause ?? "")" }
        }
        #expect(answer == ["demo/first overloaded", "demo/second \(cause.rawValue)"])
    }

    @Test func `a breaker that opens between the tries hides no error`() async throws {
        let admission = admission(runtime(), retries: 9)
        do {
            try await admission.run(request(), targets: [first]) { _ in
                throw ProviderError(.overloaded, Fault(.unavailable, "Down for maintenance."), status: 503)
            }
            Issue.record("There was no answer.")
        } catch let fault as Fault {
            #expect(fault.message == "Down for maintenance.")
            #expect(fault.attempts?.map(\.outcome) == Array(repeating: .failed, count: 5) + [.skipped])
            #expect(fault.attempts?.first?.status == 503)
            #expect(fault.attempts?.first?.cause == "overloaded")
        }
        await #expect("Only skips.") {
            try await admission.run(request(), targets: [first]) { _ in }
        } throws: { ($0 as? Fault)?.attempts?.map(\.cause) == ["circuitOpen"] }
    }

    @Test func `a request that waited out its time is neither sent nor counted`() async throws {
        let runtime = runtime(concurrency: 1)
        let admission = admission(runtime)
        try await runtime.queue.enter(within: .seconds(60))
        for _ in 0..<6 {
            await #expect {
                try await admission.run(request(within: .milliseconds(20)), targets: [first]) { _ in
                    Issue.record("The request was sent.")
                }
            } throws: { error in
                let fault = error as? Fault
                return fault?.code == .timeout && fault?.attempts?.map(\.outcome) == [.refused]
                    && fault?.attempts?.map(\.cause) == ["queueTimeout"]
            }
        }
        #expect(admission.breakers.count == 0)
        #expect(runtime.queue.waitingCount == 0)
    }

    @Test func `a long queue is left for a fallback`() async throws {
        var limits = GenerationTimeouts()
        limits.queueBeforeFallback = .milliseconds(20)
        let runtime = runtime(concurrency: 1, limits: limits)
        try await runtime.queue.enter(within: .seconds(60))
        let free = Target(server: "other", model: "free")
        let answer = try await admission(runtime).run(request(), targets: [first, free]) { $0.target.model }
        #expect(answer == "free")
    }

    @Test func `the breaker is asked again after the queue`() async throws {
        let runtime = runtime(concurrency: 1)
        let admission = admission(runtime)
        try await runtime.queue.enter(within: .seconds(60))
        let other = Target(server: "other", model: "second")
        var limited = request()
        limited.report = { progress in
            guard case .queued = progress else { return }
            for _ in 0..<5 { admission.breakers.failed(self.first) }
            runtime.queue.release()
        }
        // Without a fallback the wait is long, so the slot is what ends it.
        await #expect {
            try await admission.run(limited, targets: [first]) { _ in Issue.record("The request was sent.") }
        } throws: { ($0 as? Fault)?.attempts?.map(\.outcome) == [.skipped] }
        #expect(runtime.queue.load == 0)
        let answer = try await admission.run(request(), targets: [first, other]) { $0.target.model }
        #expect(answer == "second")
    }

    @Test func `clients that leave a silent provider open its breaker`() async throws {
        let runtime = runtime(limits: GenerationTimeouts(firstToken: .milliseconds(100)))
        let admission = admission(runtime)
        for _ in 0..<5 {
            await #expect(throws: CancellationError.self) {
                try await admission.run(request(), targets: [first]) { _ in
                    try await Task.sleep(for: .milliseconds(60))
                    throw CancellationError()
                }
            }
        }
        #expect(admission.breakers.isOpen(first))
    }

    @Test func `clients that leave early say nothing about the provider`() async throws {
        let admission = admission(runtime(limits: GenerationTimeouts(firstToken: .seconds(3600))))
        for _ in 0..<5 {
            await #expect(throws: CancellationError.self) {
                try await admission.run(request(), targets: [first]) { _ in throw CancellationError() }
            }
        }
        #expect(admission.breakers.count == 0)
    }

    @Test func `invented names fill no table`() async throws {
        let admission = admission(runtime())
        let metrics = ModelMetrics()
        let attempt = Attempt(model: "demo/x", outcome: .failed, code: .unavailable, milliseconds: 1)
        for _ in 0..<5 { admission.breakers.failed(first) }
        for number in 0..<1000 {
            var invented = Target(server: "demo", model: "invented-\(number)")
            invented.isListed = false
            admission.breakers.failed(invented)
            metrics.count(attempt, of: invented)
            metrics.setCircuit(of: invented, isOpen: true)
        }
        #expect(admission.breakers.isOpen(first))
        #expect(admission.breakers.count == CircuitBreakers.unlistedLimit + 1)
        #expect(metrics.labels == ["other"])
        for number in 0..<1000 { metrics.count(attempt, of: Target(server: "demo", model: "listed-\(number)")) }
        #expect(metrics.labels.count == ModelMetrics.limit)
        #expect(metrics.labels.contains("demo/listed-999") && !metrics.labels.contains("demo/listed-1"))
    }

    @Test func `a target has a limit of its own`() async throws {
        let runtime = runtime()
        let admission = admission(runtime)
        let limited = Target(server: "demo", model: "limited", limits: Target.Limits(concurrency: 1))
        let (running, peak) = (SharedValue(0), SharedValue(0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    try await admission.run(request(), targets: [limited]) { _ in
                        running.change { $0 += 1 }
                        let count = running.value
                        peak.change { $0 = max($0, count) }
                        try await Task.sleep(for: .milliseconds(5))
                        running.change { $0 -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(peak.value == 1)
        #expect(runtime.queue.load == 0)
    }

    @Test func `an error of the request itself is reported unchanged`() async throws {
        await #expect {
            try await admission(runtime(), retries: 3).run(request(), targets: [first, second]) { _ in
                throw Fault(.invalid, "It is not valid.")
            }
        } throws: { ($0 as? Fault)?.code == .invalid && ($0 as? Fault)?.attempts?.count == 1 }
    }
}

extension Result where Failure == any Error {
    /// The result of an operation.
    fileprivate init(_ operation: () async throws -> Success) async {
        do { self = .success(try await operation()) } catch { self = .failure(error) }
    }
}
