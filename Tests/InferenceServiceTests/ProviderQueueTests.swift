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

    @Test func `the bytes of queued requests are bounded together`() async throws {
        let queue = ProviderQueue(provider: "x", capacity: 1, queueLimit: 10, bytesLimit: 100)
        try await queue.enter(bytes: 1000, within: .seconds(60))
        let waiting = Task { try await queue.enter("a", bytes: 60, within: .seconds(60)) }
        try await eventually { queue.waitingCount == 1 }
        await #expect { try await queue.enter("b", bytes: 41, within: .seconds(60)) } throws: { error in
            let refusal = error as? QueueRejection
            return refusal?.cause == .queueFull && refusal?.fault.code == .unavailable
                && refusal?.fault.retryAfter != nil
        }
        let small = Task { try await queue.enter("b", bytes: 40, within: .seconds(60)) }
        try await eventually { queue.waitingCount == 2 }
        queue.release()
        try await waiting.value
        let more = Task { try await queue.enter("c", bytes: 60, within: .seconds(60)) }
        try await eventually("Room after the first has left") { queue.waitingCount == 2 }
        for task in [small, more] { task.cancel() }
        try await eventually { queue.waitingCount == 0 }
    }

    @Test func `places in the queue are those of its rotation`() async throws {
        let queue = ProviderQueue(provider: "x", capacity: 1, queueLimit: 10)
        try await queue.enter(within: .seconds(60))
        let tickets = SharedValue<[ProviderQueue.Ticket]>([])
        var tasks: [Task<Void, any Error>] = []
        for (index, user) in ["a", "a", "a", "b"].enumerated() {
            tasks.append(
                Task {
                    try await queue.enter(user, within: .seconds(60)) { ticket in tickets.change { $0.append(ticket) } }
                }
            )
            try await eventually { tickets.value.count == index + 1 }
        }
        func places() -> [Int?] { tickets.value.map(\.position) }
        try await eventually { places() == [0, 2, 3, 1] }
        queue.release()
        try await eventually { places() == [nil, 1, 2, 0] }
        for task in tasks { task.cancel() }
        try await eventually { places() == [nil, nil, nil, nil] }
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
            for stream in running { #expect(try await stream.nextBatch()?.first?.begin != nil) }
            let third = try await routing.generate(GenerationRequest(question()), CallContext())
            try await eventually { runtimes.first?.queue.waitingCount == 1 }
            let fourth = try await routing.outcome()
            #expect(fourth.fault?.code == .unavailable)
            #expect(fourth.fault?.retryAfter != nil)
            #expect(ollama.requests("/api/chat").count == 2)
            // Another provider has its own slots.
            let other = try await routing.outcome(question(model: "demo/demo"))
            #expect(other.finish != nil)
            for stream in running { stream.close() }
            try await eventually { ollama.requests("/api/chat").count == 3 }
            third.close()
        }
    }
}
