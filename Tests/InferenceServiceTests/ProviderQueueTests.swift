import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct ProviderQueueTests {
    @Test func `a full queue rejects immediately with Retry-After`() async throws {
        let queue = ProviderQueue(provider: "x", capacity: 1, queueLimit: 1)
        try await queue.enter(within: .seconds(60))
        let waiting = Task { try await queue.enter(within: .seconds(60)) }
        try await eventually { queue.waitingCount == 1 }
        do {
            try await queue.enter(within: .seconds(60))
            Issue.record("The third was let in.")
        } catch let refusal as QueueRejection {
            #expect(refusal.fault.code == .unavailable)
            #expect(refusal.fault.retryAfter != nil)
        }
        queue.release()
        try await waiting.value
        queue.release()
        try await queue.enter(within: .seconds(60))
    }

    @Test func `a cancelled waiter leaves the queue`() async throws {
        let queue = ProviderQueue(provider: "x", capacity: 1, queueLimit: 10)
        try await queue.enter(within: .seconds(60))
        let waiting = (0..<5).map { _ in Task { try await queue.enter(within: .seconds(60)) } }
        try await eventually { queue.waitingCount == 5 }
        for task in waiting.dropLast() { task.cancel() }
        for task in waiting.dropLast() {
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(queue.waitingCount == 1)
        queue.release()
        try await waiting.last?.value
    }

    @Test func `waiting has a limit`() async throws {
        let queue = ProviderQueue(provider: "x", capacity: 1, queueLimit: 10)
        try await queue.enter(within: .seconds(60))
        do {
            try await queue.enter(within: .milliseconds(50))
            Issue.record("There was no place.")
        } catch let refusal as QueueRejection {
            #expect(refusal.fault.code == .timeout)
        }
        #expect(queue.waitingCount == 0)
    }

    @Test func `no slot is lost under concurrent entries and cancellations`() async throws {
        let queue = ProviderQueue(provider: "x", capacity: 3, queueLimit: 20)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<2000 {
                group.addTask {
                    let visit = Task {
                        try await queue.enter(within: number % 3 == 0 ? .milliseconds(1) : .seconds(60))
                        await Task.yield()
                        queue.release()
                    }
                    if number % 2 == 0 { visit.cancel() }
                    _ = await visit.result
                }
            }
        }
        for _ in 0..<3 { try await queue.enter(within: .seconds(60)) }
        #expect(queue.waitingCount == 0)
    }

    @Test func `Ollama's slots are limited and returned`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", .chat(["word"], doneReason: nil).stalledBeforeEnd)
            let runtimes = try providers(ollama.url).map {
                ProviderRuntime(provider: $0, limits: GenerationTimeouts(), concurrency: 2, queueLimit: 1)
            }
            let catalogue = Catalogue(providers: runtimes.map(\.provider), defaultModel: nil)
            let routing = Routing(catalogue: catalogue, runtimes: runtimes)
            let running = [
                try await routing.generate(GenerationRequest(question()), CallContext()),
                try await routing.generate(GenerationRequest(question()), CallContext()),
            ]
            let waiting = Task { try await routing.generate(GenerationRequest(question()), CallContext()) }
            try await eventually { runtimes.first?.queue.waitingCount == 1 }
            let fourth = try await routing.outcome()
            #expect(fourth.fault?.code == .unavailable)
            #expect(fourth.fault?.retryAfter != nil)
            #expect(ollama.requests("/api/chat").count == 2)
            // Another provider has its own slots.
            let other = try await routing.outcome(question(model: "demo/demo"))
            #expect(other.finish != nil)
            for stream in running { stream.close() }
            let third = try await waiting.value
            #expect(ollama.requests("/api/chat").count == 3)
            third.close()
        }
    }
}
