import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Embeddings through inference-svc: batches, retries, wrong answers, the cache, tokens.
@Suite(.timeLimit(.minutes(5))) struct EmbeddingTests {
    private static let path = "/v1/embeddings"
    private static let small = "openai/text-embedding-3-small"

    private func embed(
        _ bus: HTTPBus,
        _ input: [String] = [],
        tokens: [[Int]]? = nil,
        model: String = small,
        dimensions: Int? = nil
    ) async throws -> Inference.Embeddings {
        try await bus.call(
            Inference.Embed(model: model, input: input, tokens: tokens, dimensions: dimensions),
            CallContext()
        )
    }

    private func withOpenAI(
        _ settings: [String: String] = [:],
        _ body: (FakeServer, HTTPBus) async throws -> Void
    ) async throws {
        try await withFakeOpenAI { openAI in
            let own = ["OPENAI_BASE_URL": openAI.url + "/v1", "OPENAI_API_KEY": "sk-test"]
            try await withInference(own.merging(settings) { $1 }) { try await body(openAI, $0) }
        }
    }

    private func withOllama(
        _ settings: [String: String] = [:],
        _ body: (FakeServer, HTTPBus) async throws -> Void
    ) async throws {
        try await withFakeOllama { ollama in
            try await withInference(["OLLAMA_BASE_URL": ollama.url].merging(settings) { $1 }) {
                try await body(ollama, $0)
            }
        }
    }

    private func texts(_ request: FakeRequest) throws -> [String] {
        try #require(try wireObject(request.body)["input"] as? [String])
    }

    @Test func `a failed batch is retried alone`() async throws {
        try await withOllama { ollama, bus in
            let failures = Failures(1)
            ollama.always("/api/embed") { request in
                let texts = ((try? wireObject(request.body))?["input"] as? [String]) ?? []
                if texts.contains("text 100"), failures.take() { return .error(503, "server busy, please try again") }
                return .embeddings(texts.map { [Double($0.dropFirst(5)) ?? -1, 1] }, promptTokens: texts.count)
            }
            let input = (0..<200).map { "text \($0)" }
            let embeddings = try await embed(bus, input, model: "ollama/nomic-embed-text")
            #expect(embeddings.vectors == (0..<200).map { EmbeddingVector.base64([Float($0), 1]) })
            #expect(embeddings.promptTokens == 200 && !embeddings.isEstimated)
            let sent = try ollama.requests("/api/embed").map { try texts($0) }
            #expect(sent.map(\.count) == [64, 64, 64, 64, 8])
            #expect(sent[1] == sent[2])
            #expect(sent.flatMap(\.self).count { $0 == "text 0" } == 1)
        }
    }

    @Test func `Ollama cuts no text`() async throws {
        try await withOllama { ollama, bus in
            ollama.always("/api/show", .show(window: 2048, capabilities: ["embedding"]))
            ollama.always("/api/embed") { request in
                let texts = ((try? wireObject(request.body))?["input"] as? [String]) ?? []
                guard !texts.contains(where: { $0.hasPrefix("long") }) else {
                    return .error(400, "the input length exceeds the context length")
                }
                return .embeddings(texts.map { _ in [1, 2] })
            }
            let long = "long " + String(repeating: "a", count: 50)
            for (input, index) in [
                ([long], 0), (["a", "b", long, "c"], 2), (["a", long, "b", String(repeating: "x", count: 99)], 1),
            ] {
                let fault = await #expect(throws: Fault.self) {
                    try await embed(bus, input, model: "ollama/nomic-embed-text")
                }
                #expect(fault?.code == .contextTooLong)
                #expect(fault?.message.hasPrefix("input[\(index)] is too long") == true, "\(fault?.message ?? "")")
                #expect(fault?.message.contains("exceeds the context length") == true)
            }
            let body = try wireObject(try #require(ollama.requests("/api/embed").first).body)
            #expect(body["truncate"] as? Bool == false)
            #expect((body["options"] as? [String: Any])?["num_ctx"] as? Int == 2048)
        }
    }

    @Test func `texts that are too long together are sent apart`() async throws {
        try await withOpenAI { openAI, bus in
            openAI.always(Self.path) { request in
                let texts = ((try? wireObject(request.body))?["input"] as? [String]) ?? []
                guard texts.count <= 3 else {
                    return .openAIError(400, "Invalid 'input': maximum context length is 3 texts.", code: nil)
                }
                return .openAIEmbeddings(texts.map { [Float($0.utf8.count)] }, asText: false)
            }
            let input = (1...10).map { String(repeating: "a", count: $0) }
            let embeddings = try await embed(bus, input)
            #expect(embeddings.vectors == (1...10).map { EmbeddingVector.base64([Float($0)]) })
        }
    }

    @Test(
        arguments: [
            (#"[{"index":0,"embedding":[1,2]}]"#, "1 vectors for 2 texts"),
            (
                #"[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]},{"index":2,"embedding":[1]}]"#,
                "3 vectors for 2 texts"
            ),
            (#"[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1]}]"#, "1 dimensions instead of 2"),
            (#"[{"index":0,"embedding":[1,NaN]},{"index":1,"embedding":[1,2]}]"#, "no finite number"),
            (#"[{"index":0,"embedding":[1,null]},{"index":1,"embedding":[1,2]}]"#, "no finite number"),
            (#"[{"index":0,"embedding":[1,1e99]},{"index":1,"embedding":[1,2]}]"#, "no finite number"),
            (#"[{"index":0,"embedding":"AADAfwAAAAA="},{"index":1,"embedding":"AADAfwAAAAA="}]"#, "no finite number"),
            (#"[{"index":0,"embedding":[]},{"index":1,"embedding":[1]}]"#, "empty vector"),
            (#"[{"index":0,"embedding":""},{"index":1,"embedding":[1]}]"#, "empty vector"),
            (#"[{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}]"#, "index 0 repeated"),
            (#"[{"index":0,"embedding":[1]},{"index":7,"embedding":[2]}]"#, "index 7 repeated or out of range"),
            (#"[{"index":0,"embedding":[1]},{"embedding":[2]}]"#, "only some have an index"),
            (#"[{"index":0},{"index":1}]"#, "invalid embeddings"), (#"[{"index":0,"embedding":"x"}]"#, "invalid"),
            ("5", "invalid embeddings"),
        ] as [(String, String)]
    )
    func `a wrong answer is a clear error and is not cached`(_ data: String, _ words: String) async throws {
        try await withOpenAI { openAI, bus in
            openAI.next(Self.path, .json(200, "{\"object\":\"list\",\"data\":\(data)}"))
            let fault = await #expect(throws: Fault.self) { try await embed(bus, ["a", "b"]) }
            #expect(fault?.code == .provider)
            #expect(fault?.message.contains(words) == true, "\(fault?.message ?? "")")
            #expect(openAI.requests(Self.path).count == 1)
            let again = try await embed(bus, ["a", "b"])
            #expect(again.vectors.count == 2)
        }
    }

    @Test func `vectors of another length than was asked for are an error`() async throws {
        try await withOpenAI { openAI, bus in
            openAI.always(Self.path, .openAIEmbeddings([[1, 2, 3]], asText: false))
            let fault = await #expect(throws: Fault.self) { try await embed(bus, ["a"], dimensions: 2) }
            #expect(fault?.message.contains("3 dimensions instead of 2") == true)
        }
    }

    @Test func `vectors are sorted by their index, or in order without one`() async throws {
        try await withOpenAI(["EMBEDDING_CACHE_MB": "0"]) { openAI, bus in
            for data in [
                #"[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]"#,
                #"[{"embedding":[1]},{"embedding":[2]}]"#,
            ] {
                openAI.always(Self.path, .json(200, "{\"data\":\(data)}"))
                let embeddings = try await embed(bus, ["a", "b"])
                #expect(embeddings.vectors == [EmbeddingVector.base64([1]), EmbeddingVector.base64([2])])
                #expect(embeddings.isEstimated && embeddings.promptTokens > 0)
            }
        }
    }

    @Test(arguments: ["null", "0", "-5", "99999999", "1.5", "\"x\"", "{}"])
    func `an impossible number of tokens is not believed`(_ count: String) async throws {
        try await withOpenAI { openAI, bus in
            openAI.always(
                Self.path,
                .json(200, "{\"data\":[{\"index\":0,\"embedding\":[1]}],\"usage\":{\"prompt_tokens\":\(count)}}")
            )
            let embeddings = try await embed(bus, ["a text"])
            #expect(embeddings.isEstimated && (1...20).contains(embeddings.promptTokens))
        }
    }

    @Test func `known texts are not sent again, and count as before`() async throws {
        try await withOpenAI { openAI, bus in
            let first = try await embed(bus, ["one two", "three"], dimensions: 8)
            let again = try await embed(bus, ["three", "one two", "three"], dimensions: 8)
            #expect(again.vectors == [first.vectors[1], first.vectors[0], first.vectors[1]])
            #expect(again.promptTokens > first.promptTokens)
            #expect(openAI.requests(Self.path).count == 1)
            let more = try await embed(bus, ["one two", "four"], dimensions: 8)
            #expect(more.vectors[0] == first.vectors[0])
            #expect(try texts(try #require(openAI.requests(Self.path).last)) == ["four"])
            _ = try await embed(bus, ["one two"], dimensions: 16)
            #expect(openAI.requests(Self.path).count == 3)
        }
        try await withOpenAI(["EMBEDDING_CACHE_MB": "0"]) { openAI, bus in
            for _ in 0..<2 { _ = try await embed(bus, ["one"]) }
            #expect(openAI.requests(Self.path).count == 2)
        }
    }

    @Test func `a repeated text is sent once`() async throws {
        try await withOpenAI { openAI, bus in
            let embeddings = try await embed(bus, ["a", "b", "a", "a"], dimensions: 4)
            #expect(embeddings.vectors[0] == embeddings.vectors[2] && embeddings.vectors[0] != embeddings.vectors[1])
            #expect(try texts(try #require(openAI.requests(Self.path).first)) == ["a", "b"])
        }
    }

    @Test func `vectors of a model that has changed are not mixed`() async throws {
        try await withOpenAI { openAI, bus in
            openAI.always(Self.path, .openAIEmbeddings([[1, 2]], asText: false))
            _ = try await embed(bus, ["a"])
            openAI.always(Self.path) { request in
                let count = (((try? wireObject(request.body))?["input"] as? [String]) ?? []).count
                return .openAIEmbeddings(Array(repeating: [1, 2, 3], count: count), asText: false)
            }
            let embeddings = try await embed(bus, ["a", "b"])
            #expect(embeddings.vectors == Array(repeating: EmbeddingVector.base64([1, 2, 3]), count: 2))
        }
    }

    @Test func `tokens are passed on, or decoded for providers that know texts only`() async throws {
        let lines = [("Hel", 1), ("lo", 2)].map { "\(Data($0.utf8).base64EncodedString()) \($1)\n" }
        try await withTemporaryDirectory { folder in
            let file = folder + "/vocabulary"
            try lines.joined().write(toFile: file, atomically: true, encoding: .utf8)
            try await withOpenAI { openAI, bus in
                openAI.always(Self.path, .openAIEmbeddings([[1], [2]], asText: false))
                _ = try await embed(bus, tokens: [[1, 2], [3]])
                let body = try #require(openAI.requests(Self.path).first?.body)
                #expect(body.contains(#""input":[[1,2],[3]]"#), "\(body)")
            }
            try await withOllama(["TOKEN_VOCABULARY": file]) { ollama, bus in
                let model = "ollama/nomic-embed-text"
                _ = try await embed(bus, tokens: [[1, 2], [2]], model: model)
                #expect(try texts(try #require(ollama.requests("/api/embed").first)) == ["Hello", "lo"])
                let fault = await #expect(throws: Fault.self) {
                    try await embed(bus, tokens: [[1], [9]], model: model)
                }
                #expect(fault?.code == .invalid && fault?.message.hasPrefix("input[1][0] is 9") == true)
            }
            try await withOllama { ollama, bus in
                let model = "ollama/nomic-embed-text"
                let fault = await #expect(throws: Fault.self) { try await embed(bus, tokens: [[1]], model: model) }
                #expect(fault?.code == .invalid)
                #expect(fault?.message.contains("TOKEN_VOCABULARY") == true)
                #expect(ollama.requests("/api/embed").isEmpty)
            }
        }
    }

    @Test func `an unknown model is not found`() async throws {
        try await withOpenAI { _, bus in
            for model in ["openai/nothing", "demo/nothing"] {
                let fault = await #expect(throws: Fault.self) { try await embed(bus, ["a"], model: model) }
                #expect(fault?.code == .missing, "\(model)")
            }
            let chat = await #expect(throws: Fault.self) { try await embed(bus, ["a"], model: "demo/demo") }
            #expect(chat?.code == .invalid)
        }
    }
}

/// Parses JSON for assertions.
func wireObject(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}
