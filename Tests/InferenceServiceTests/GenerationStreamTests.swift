import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// The stream of a generation before the answer begins.
@Suite(.timeLimit(.minutes(5))) struct GenerationStreamTests {
    private static let silent = FakeResponse.chat([]).cut(after: 0, .stall)
    private static let endless = FakeResponse.chat(["word"], doneReason: nil).stalledBeforeEnd

    @Test func `the stream is opened before the provider answers, and gives signs of life`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", Self.silent)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let stream = try await bus.stream(question(), CallContext())
                let batch = try #require(try await stream.nextBatch())
                #expect(batch.first?.progress == Inference.Progress())
                #expect(batch.first?.begin == nil)
                stream.close()
                try await eventually { ollama.requests("/api/chat").first?.isAbandoned == true }
            }
        }
    }

    @Test func `a fault before the answer is thrown inside the stream, after its attempts`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", .error(503, "busy"))
            let retries = RetryPolicy(limit: 1, firstPause: .milliseconds(1))
            let routing = try routing(to: ollama.url, retries: retries).routing
            let stream = try await routing.generate(GenerationRequest(question()), CallContext())
            var attempts: [Attempt] = []
            do {
                while let batch = try await stream.nextBatch() { attempts += batch.compactMap(\.progress?.attempt) }
                Issue.record("There was an answer.")
            } catch let fault as Fault {
                #expect(fault.code == .unavailable)
                #expect(fault.attempts == attempts)
                #expect(attempts.map(\.cause) == ["overloaded", "overloaded"])
                #expect(attempts.map(\.status) == [503, 503])
            }
        }
    }

    @Test func `a queued request gets its place in events, and leaves the queue with its client`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", Self.endless)
            let runtimes = try providers(ollama.url).map {
                ProviderRuntime(provider: $0, limits: GenerationTimeouts(), concurrency: 1, queueLimit: 8)
            }
            let catalogue = Catalogue(providers: runtimes.map(\.provider), defaultModel: nil)
            let routing = Routing(catalogue: catalogue, runtimes: runtimes)
            let queue = try #require(runtimes.first?.queue)
            func open(_ waiting: Int) async throws -> ElementStream<Inference.Event> {
                let stream = try await routing.generate(GenerationRequest(question()), CallContext())
                try await eventually { queue.waitingCount == waiting }
                return stream
            }
            let running = try await open(0)
            #expect(try await running.nextBatch()?.first?.begin != nil)
            let (second, third) = (try await open(1), try await open(2))
            #expect(try await Self.place(of: second) == 0)
            #expect(try await Self.place(of: third) == 1)
            second.close()
            try await eventually { queue.waitingCount == 1 }
            #expect(try await Self.place(of: third, other: 1) == 0)
            running.close()
            let begun = try await third.nextBatch()
            #expect(begun?.contains { $0.begin != nil || $0.progress != nil } == true)
            third.close()
            try await eventually { queue.load == 0 }
        }
    }

    /// The next place in the queue that differs from `other`.
    private static func place(of stream: ElementStream<Inference.Event>, other: Int? = nil) async throws -> Int? {
        while let batch = try await stream.nextBatch() {
            if let place = batch.compactMap(\.progress?.queuePosition).last, place != other { return place }
        }
        return nil
    }
}
