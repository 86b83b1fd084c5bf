import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct OllamaEmbedTests {
    private func embed(_ input: [String], dimensions: Int? = nil, at url: String) async throws -> Inference.Embeddings {
        let request = Inference.Embed(model: "ollama/nomic-embed-text", input: input, dimensions: dimensions)
        return try await routing(to: url).routing.embed(request, CallContext())
    }

    @Test func `embeddings are in the order of their texts`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/embed", .embeddings([[0.5, -1], [0.25, 1e-3]]))
            let embeddings = try await embed(["a", "b"], dimensions: 2, at: ollama.url)
            #expect(embeddings.vectors == [[0.5, -1], [0.25, 1e-3]].map { EmbeddingVector.base64($0) })
            #expect(embeddings.promptTokens == 7 && !embeddings.isEstimated)
            #expect(embeddings.model == "ollama/nomic-embed-text")
            let body = try #require(ollama.requests("/api/embed").first?.body)
            let wanted =
                #"{"model":"nomic-embed-text","input":["a","b"],"truncate":false,"dimensions":2,"#
                + #""options":{"num_ctx":2048}}"#
            #expect(body == wanted)
        }
    }

    @Test func `many texts are sent in batches`() async throws {
        try await withFakeOllama { ollama in
            let embeddings = try await embed((0..<300).map { "text \($0)" }, at: ollama.url)
            #expect(embeddings.vectors.count == 300)
            #expect(embeddings.promptTokens == 900)
            #expect(ollama.requests("/api/embed").count == 5)
        }
    }

    @Test func `a token count that Ollama omits is estimated`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/embed", .embeddings([[1]], promptTokens: nil))
            let embeddings = try await embed(["abcd"], at: ollama.url)
            #expect(embeddings.isEstimated)
        }
    }

    @Test(arguments: [
        FakeResponse.embeddings([[1]]), .embeddings([[1], [2], [3]]), .embeddings([[1], [1, 2]]),
        .embeddings([[], []]),
        .json(200, "{}"), .json(200, "not JSON"), .json(200, #"{"embeddings":[["a"],["b"]]}"#),
        .json(200, #"{"embeddings":[[1e99],[1]]}"#), .json(200, #"{"embeddings":5}"#),
    ])
    func `a wrong number of vectors is an error`(_ answer: FakeResponse) async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/embed", answer)
            await #expect { try await embed(["a", "b"], at: ollama.url) } throws: { ($0 as? Fault)?.code == .provider }
        }
    }

    @Test func `an unknown model and one without embeddings give clear errors`() async throws {
        try await withFakeOllama { ollama in
            ollama.next(
                "/api/embed",
                .error(404, "model 'nomic-embed-text' not found"),
                .error(400, "this model does not support embeddings")
            )
            await #expect { try await embed(["a"], at: ollama.url) } throws: { ($0 as? Fault)?.code == .missing }
            await #expect { try await embed(["a"], at: ollama.url) } throws: { ($0 as? Fault)?.code == .rejected }
        }
    }

    @Test func `models report their abilities`() async throws {
        try await withFakeOllama { ollama in
            ollama.always(
                "/api/tags",
                .tags([
                    ("sees:1b", ["completion", "vision", "tools", "thinking", "insert"]),
                    ("nomic-embed-text:latest", ["embedding"]), ("odd:1b", ["levitation"]),
                ])
            )
            ollama.always("/api/show", .show(window: 2048, capabilities: []))
            let catalogue = try routing(to: ollama.url).catalogue
            await catalogue.refresh()
            #expect(
                catalogue.reports.first?.models.map(\.abilities) == [
                    [.chat, .images, .tools, .reasoning], [.embeddings], nil,
                ]
            )
            let route = try await catalogue.route(nil)
            #expect(route.name == "ollama/sees:1b")
        }
    }
}
