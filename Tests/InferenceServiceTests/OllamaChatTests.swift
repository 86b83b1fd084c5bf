import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct OllamaChatTests {
    @Test func `an answer is streamed to its finish`() async throws {
        try await withFakeOllama { ollama in
            let outcome = try await routing(to: ollama.url).routing.outcome()
            #expect(outcome.text == "Hello from the fake.")
            #expect(outcome.fault == nil)
            let usage = Usage(promptTokens: 26, completionTokens: 8, isEstimated: false)
            #expect(outcome.finish == Inference.Finish(reason: .stop, model: "ollama/llama3.2", usage: usage))
        }
    }

    @Test func `the size of an answer is limited`() async throws {
        try await withFakeOllama { ollama in
            let piece = String(repeating: "blah ", count: 20_000)
            ollama.always("/api/chat", .chat(Array(repeating: piece, count: 180)).ending(.stall))
            let outcome = try await routing(to: ollama.url).routing.outcome()
            #expect(outcome.finish == nil)
            #expect(outcome.fault?.code == .provider)
            #expect(outcome.text.utf8.count <= Run.maxAnswerBytes)
            try await eventually { ollama.requests("/api/chat").first?.isAbandoned == true }
        }
    }

    @Test func `NUL in an answer is replaced`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", .chat(["a\u{0}b", "\u{0}"]))
            let outcome = try await routing(to: ollama.url).routing.outcome()
            #expect(outcome.text == "a\u{FFFD}b\u{FFFD}")
        }
    }

    @Test func `gathered text is complete, and the first event is not delayed`() async throws {
        try await withFakeOllama { ollama in
            let words = (0..<40).map { "\($0) " }
            ollama.always("/api/chat", .chat(words).lineByLine(pause: .milliseconds(2)))
            let apart = try await texts(of: question(), at: ollama.url)
            let gathered = try await texts(of: question(gather: 1000), at: ollama.url)
            #expect(apart.joined() == words.joined())
            #expect(gathered.joined() == words.joined())
            #expect(gathered.count <= 3)
        }
    }

    /// The texts of the events.
    private func texts(of question: Inference.Generate, at url: String) async throws -> [String] {
        let stream = try await routing(to: url).routing.generate(GenerationRequest(question), CallContext())
        var texts: [String] = []
        while let batch = try await stream.nextBatch() { texts += batch.compactMap(\.text) }
        return texts
    }

    @Test func `Ollama receives the request and the context window`() async throws {
        try await withFakeOllama { ollama in
            let options = Inference.Options(maxTokens: 77, stop: ["\n\n", "\"END\""], temperature: 0.25, seed: 42)
            _ = try await routing(to: ollama.url).routing.outcome(
                question("Say \"é\" and \\ and 😀\n", options: options)
            )
            let request = try #require(ollama.requests("/api/chat").first)
            #expect(request.method == "POST")
            let body = try #require(
                try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: any Sendable]
            )
            #expect(body["model"] as? String == "llama3.2")
            #expect(body["stream"] as? Bool == true)
            #expect(body["think"] == nil)
            let messages = try #require(body["messages"] as? [[String: String]])
            #expect(messages.map { $0["role"] } == ["system", "user"])
            #expect(messages.last?["content"] == "Say \"é\" and \\ and 😀\n")
            let sent = try #require(body["options"] as? [String: any Sendable])
            #expect(sent["num_ctx"] as? Int == 8192)
            #expect(sent["num_predict"] as? Int == 77)
            #expect(sent["temperature"] as? Double == 0.25)
            #expect(sent["seed"] as? Int == 42)
            #expect(sent["stop"] as? [String] == ["\n\n", "\"END\""])
        }
    }

    @Test(arguments: [(131_072, 8192), (2048, 2048), (0, 8192), (-5, 8192)])
    func `the requested context window is the model's, up to the limit`(_ true: Int, _ asked: Int) async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/show", .show(window: `true`))
            let (routing, catalogue) = try routing(to: ollama.url)
            _ = try await routing.outcome()
            _ = try await routing.outcome()
            #expect(ollama.requests("/api/chat").allSatisfy { $0.body.contains("\"num_ctx\":\(asked)}") })
            #expect(try await catalogue.find("ollama/llama3.2").window == asked)
            if `true` > 0 { #expect(ollama.requests("/api/show").count == 1) }
        }
    }

    @Test(arguments: [
        FakeResponse.error(500, "broken"), .json(200, "{}"), .json(200, "not json"),
        .json(200, #"{"model_info":{"x.context_length":1e300}}"#),
        .json(200, #"{"model_info":{"general.architecture":5}}"#), .raw("garbage"), .json(200, #"{"model_info":null}"#),
    ])
    func `the limit applies if the context window is unknown`(_ answer: FakeResponse) async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/show", answer)
            let outcome = try await routing(to: ollama.url, windowLimit: 4096).routing.outcome()
            #expect(outcome.finish != nil)
            #expect(ollama.requests("/api/chat").first?.body.contains("\"num_ctx\":4096") == true)
        }
    }

    @Test func `the content of one read is one event`() async throws {
        try await withFakeOllama { ollama in
            ollama.next("/api/chat", .chat((0..<100).map { "\($0) " }))
            let outcome = try await routing(to: ollama.url).routing.outcome()
            #expect(outcome.text == (0..<100).map { "\($0) " }.joined())
            #expect(outcome.events < 20)
        }
    }

    @Test func `length is reported, other reasons are stop, and usage is optional`() async throws {
        try await withFakeOllama { ollama in
            ollama.next(
                "/api/chat",
                .chat(["a"], doneReason: "length", promptTokens: nil, completionTokens: nil),
                .chat(["a"], doneReason: "unload", promptTokens: nil, completionTokens: 3),
                .chat([], doneReason: "stop")
            )
            let routing = try routing(to: ollama.url).routing
            let first = try await routing.outcome()
            #expect(first.finish?.reason == .length)
            #expect(first.finish?.usage?.isEstimated == true)
            let second = try await routing.outcome()
            #expect(second.finish?.reason == .stop)
            #expect(second.finish?.usage?.completionTokens == 3)
            #expect(second.finish?.usage?.isEstimated == true, "The prompt is estimated.")
            #expect(try await routing.outcome().finish != nil)
        }
    }

    @Test func `a connection is reused after a complete answer`() async throws {
        try await withFakeOllama { ollama in
            let routing = try routing(to: ollama.url).routing
            for _ in 0..<20 {
                let outcome = try await routing.outcome()
                #expect(outcome.finish != nil)
            }
            #expect(ollama.requests("/api/chat").count == 20)
            // At most one connection for each event loop.
            #expect(ollama.connections <= 4)
        }
    }

    @Test func `only three paths are requested`() async throws {
        try await withFakeOllama { ollama in
            let (routing, catalogue) = try routing(to: ollama.url)
            await catalogue.refresh()
            _ = try await routing.outcome()
            #expect(Set(ollama.requests().map(\.path)) == ["/api/tags", "/api/show", "/api/chat"])
        }
    }
}
