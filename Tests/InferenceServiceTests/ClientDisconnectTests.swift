import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// A disconnected client closes the connections behind it.
@Suite(.timeLimit(.minutes(5))) struct ClientDisconnectTests {
    private static let slow = FakeResponse.chat(Array(repeating: "word ", count: 10_000)).lineByLine(
        pause: .milliseconds(2)
    )
    private static let stalled = FakeResponse.chat(["word"]).cut(after: FakeResponse.chat([]).headLength, .stall)
    private static let silent = FakeResponse.chat([]).cut(after: 0, .stall)

    @Test func `closing a stream closes Ollama's connection`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", Self.slow)
            let stream = try await routing(to: ollama.url).routing.generate(
                GenerationRequest(question()),
                CallContext()
            )
            #expect(try await stream.nextBatch() != nil)
            stream.close()
            stream.close()
            try await eventually { ollama.requests("/api/chat").first?.isAbandoned == true }
        }
    }

    @Test func `a released stream is closed`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", Self.slow)
            let routing = try routing(to: ollama.url, concurrency: 1).routing
            for _ in 0..<3 {
                // With one slot, the next generation starts only after the slot is returned.
                #expect(try await routing.generate(GenerationRequest(question()), CallContext()).nextBatch() != nil)
            }
            try await eventually { ollama.requests("/api/chat").allSatisfy(\.isAbandoned) }
        }
    }

    @Test(arguments: [silent, stalled, slow])
    func `cancelling a caller closes Ollama's connection`(_ answer: FakeResponse) async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", answer)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let call = Task { try await bus.outcome() }
                try await eventually { ollama.requests("/api/chat").count == 1 }
                call.cancel()
                try await eventually { ollama.requests("/api/chat").first?.isAbandoned == true }
                _ = await call.result
            }
        }
    }

    @Test func `leaving the service's stream closes Ollama's connection`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", Self.slow)
            try await withInference(["OLLAMA_BASE_URL": ollama.url]) { bus in
                let stream = try await bus.stream(question(), CallContext())
                #expect(try await stream.nextBatch() != nil)
                stream.close()
                try await eventually { ollama.requests("/api/chat").first?.isAbandoned == true }
            }
        }
    }
}
