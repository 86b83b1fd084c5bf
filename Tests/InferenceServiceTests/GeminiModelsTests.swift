import Bus
import Contracts
import Foundation
import HTTP
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct GeminiModelsTests {
    private func provider(_ url: String, key: String? = "a-key") throws -> GeminiProvider {
        try GeminiProvider(url: url, key: key, client: HTTPClient())
    }

    @Test func `models are listed with their abilities in order of preference`() async throws {
        try await withFakeGemini { gemini in
            let models = try await provider(gemini.url).models()
            #expect(
                models.map(\.name) == [
                    "gemini/gemini-2.5-flash", "gemini/gemini-2.0-flash", "gemini/gemini-2.5-pro",
                    "gemini/gemini-3-pro-preview", "gemini/gemini-2.5-flash-image", "gemini/gemma-3-27b-it",
                    "gemini/gemini-embedding-001",
                ]
            )
            #expect(models[0].abilities == [.chat, .images, .audio, .tools, .reasoning])
            #expect(models[0].window == 1_048_576)
            #expect(models[1].abilities == [.chat, .images, .audio, .tools])
            #expect(models[4].abilities == [.chat, .images])
            #expect(models[5].abilities == nil)
            #expect(models[6].abilities == [.embeddings])
            #expect(models[6].window == 2048)
        }
    }

    @Test func `the list is read page by page up to a limit`() async throws {
        try await withFakeGemini { gemini in
            gemini.always("/v1beta/models") { request in
                let token = request.query.split(separator: "pageToken=").last.map(String.init) ?? ""
                let number = request.query.contains("pageToken") ? Int(token.dropFirst(3)) ?? 0 : 0
                return .json(
                    200,
                    """
                    {"models":[{"name":"models/gemini-\(number)-flash","supportedGenerationMethods":["generateContent"]}],\
                    "nextPageToken":"+\(number + 1)"}
                    """
                )
            }
            let models = try await provider(gemini.url).models()
            #expect(models.map(\.name) == (0..<10).map { "gemini/gemini-\($0)-flash" })
            #expect(gemini.requests("/v1beta/models").last?.query == "pageSize=1000&pageToken=%2B9")
        }
    }

    @Test(arguments: [
        FakeResponse.json(200, "not json"), .json(200, "[]"), .json(200, #"{"models":5}"#), .raw("garbage"),
    ])
    func `an invalid list is an error`(_ answer: FakeResponse) async throws {
        try await withFakeGemini { gemini in
            gemini.always("/v1beta/models", answer)
            await #expect(throws: ProviderError.self) { try await provider(gemini.url).models() }
        }
    }

    @Test func `a model is requested once, and its name determines its properties otherwise`() async throws {
        try await withFakeGemini { gemini in
            let provider = try provider(gemini.url)
            for _ in 0..<3 {
                let model = try await provider.model("gemma-3-27b-it")
                #expect(model == Model(name: "gemini/gemma-3-27b-it", window: 131_072))
            }
            #expect(gemini.requests("/v1beta/models/gemma-3-27b-it").count == 1)
            let error = await #expect(throws: ProviderError.self) { try await provider.model("gemini-9") }
            #expect(error?.fault.code == .missing)
            gemini.always("/v1beta/models/gemini-2.5-pro", .geminiError(503, "UNAVAILABLE", "x"))
            for _ in 0..<3 {
                let model = try await provider.model("gemini-2.5-pro")
                #expect(model.window == 1_048_576)
            }
            #expect(gemini.requests("/v1beta/models/gemini-2.5-pro").count == 1)
        }
    }

    @Test func `names cannot change the path`() async throws {
        try await withFakeGemini { gemini in
            let provider = try provider(gemini.url)
            for name in ["a:b", "a?b", "a#b", "a b", "tunedModels/a"] { _ = try? await provider.model(name) }
            let paths = gemini.requests().map(\.path)
            #expect(
                paths == [
                    "/v1beta/models/a%3Ab", "/v1beta/models/a%3Fb", "/v1beta/models/a%23b", "/v1beta/models/a%20b",
                    "/v1beta/tunedModels/a",
                ]
            )
        }
    }

    @Test func `embeddings are requested in batches of a hundred`() async throws {
        try await withFakeGemini { gemini in
            let texts = (0..<150).map { String(repeating: "x", count: $0 + 1) }
            let routing = try geminiRouting(to: gemini.url).routing
            let request = Inference.Embed(model: "gemini/gemini-embedding-001", input: texts, dimensions: 4)
            let embeddings = try await routing.embed(request, CallContext())
            #expect(embeddings.model == "gemini/gemini-embedding-001")
            #expect(
                embeddings.vectors == (0..<150).map { EmbeddingVector.base64([Float($0 + 1), -0.0071716, 0.5, 0.5]) }
            )
            #expect(embeddings.isEstimated)
            let path = "/v1beta/models/gemini-embedding-001:batchEmbedContents"
            #expect(gemini.requests(path).count == 2)
            let first = """
                {"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"x"}]},\
                "outputDimensionality":4},
                """
            #expect(gemini.requests(path).first?.body.hasPrefix(first) == true)
        }
    }

    @Test(arguments: [
        #"{"embeddings":[]}"#, #"{"embeddings":[{"values":[]}]}"#, #"{"embeddings":[{"values":["x"]}]}"#, "{}", "x",
        #"{"embeddings":[{"values":[1]},{"values":[2]}]}"#, #"{"embeddings":[{"values":[1e400]}]}"#,
    ])
    func `invalid embeddings are an error`(_ answer: String) async throws {
        try await withFakeGemini { gemini in
            gemini.always("/v1beta/models/gemini-embedding-001:batchEmbedContents", .json(200, answer))
            let request = Inference.Embed(model: "gemini/gemini-embedding-001", input: ["a"])
            let routing = try geminiRouting(to: gemini.url).routing
            let fault = await #expect(throws: Fault.self) { try await routing.embed(request, CallContext()) }
            #expect(fault?.code == .provider)
        }
    }

    @Test func `reported usage of embeddings is not estimated`() async throws {
        try await withFakeGemini { gemini in
            let answer = #"{"embeddings":[{"values":[1.5]}],"usageMetadata":{"promptTokenCount":3}}"#
            gemini.always("/v1beta/models/gemini-embedding-001:batchEmbedContents", .json(200, answer))
            let request = Inference.Embed(model: "gemini/gemini-embedding-001", input: ["a"])
            let embeddings = try await geminiRouting(to: gemini.url).routing.embed(request, CallContext())
            #expect(embeddings.promptTokens == 3 && !embeddings.isEstimated)
        }
    }

    @Test func `Gemini is used only if it is configured`() async throws {
        try await withFakeGemini { gemini in
            let settings = [
                "GEMINI_BASE_URL": gemini.url, "GEMINI_API_KEY": "a-key", "GEMINI_API_VERSION": "v1",
                "DEFAULT_MODEL": "",
                "OLLAMA_BASE_URL": "",
            ]
            try await withInference(settings) { bus in
                let outcome = try await bus.outcome(question(model: nil))
                #expect(outcome.text == "Hello from the fake.")
                #expect(outcome.finish?.model == "gemini/gemini-2.5-flash")
                try await eventually {
                    let reports = try await bus.call(Models.List(), CallContext())
                    return reports.first { $0.name == "gemini" }?.models.count == 7
                }
                #expect(gemini.requests().allSatisfy { $0.path.hasPrefix("/v1/") })
            }
        }
        try await withInference { bus in
            let fault = try await bus.outcome(question(model: "gemini/gemini-2.5-flash")).fault
            #expect(fault != nil)
            let reports = try await bus.call(Models.List(), CallContext())
            #expect(!reports.contains { $0.name == "gemini" })
        }
    }
}
