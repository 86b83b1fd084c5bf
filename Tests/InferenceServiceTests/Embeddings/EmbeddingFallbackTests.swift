import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Which servers answer for a failing one, and texts that are too long for Gemini.
@Suite(.timeLimit(.minutes(5))) struct EmbeddingFallbackTests {
    private static let path = "/v1/embeddings"

    @Test func `only the same model on another server stands in`() async throws {
        try await withFakeOpenAI { one in
            try await withFakeOpenAI { two in
                try await withTemporaryDirectory { folder in
                    let file = folder + "/providers.json"
                    let servers = [("one", one), ("two", two)].map { name, server in
                        "{\"name\":\"\(name)\",\"base_url\":\"\(server.url)/v1\",\"models\":[\"e-small\",\"e-large\"]}"
                    }
                    try """
                    {"providers":[\(servers.joined(separator: ","))],
                     "fallbacks":{"one/e-small":["demo/hash-embedding","two/e-large","two/e-small"]}}
                    """
                    .write(toFile: file, atomically: true, encoding: .utf8)
                    try await withInference(["PROVIDERS_FILE": file]) { bus in
                        one.always(Self.path, .openAIError(500, "It is broken."))
                        two.always(Self.path, .openAIEmbeddings([[1, 2]], asText: false))
                        let request = Inference.Embed(model: "one/e-small", input: ["a"])
                        let embeddings = try await bus.call(request, CallContext())
                        #expect(embeddings.vectors == [EmbeddingVector.base64([1, 2])])
                        #expect(two.requests(Self.path).allSatisfy { $0.body.contains("e-small") })
                        two.always(Self.path, .openAIError(500, "It is broken, too."))
                        let other = Inference.Embed(model: "one/e-small", input: ["b"])
                        let fault = await #expect(throws: Fault.self) { try await bus.call(other, CallContext()) }
                        #expect(fault?.code == .unavailable)
                        let models = Set((fault?.attempts ?? []).map(\.model))
                        #expect(models.isSubset(of: ["one/e-small", "two/e-small"]) && !models.isEmpty)
                    }
                }
            }
        }
    }

    @Test func `Gemini counts a text before it would cut it`() async throws {
        try await withFakeGemini { gemini in
            let settings = ["GEMINI_BASE_URL": gemini.url, "GEMINI_API_KEY": "good-key"]
            try await withInference(settings) { bus in
                let model = "/v1beta/models/gemini-embedding-001"
                let long = String(repeating: "word ", count: 2000)
                let request = Inference.Embed(model: "gemini/gemini-embedding-001", input: ["short", long])
                gemini.always(model + ":countTokens", .json(200, #"{"totalTokens":2001}"#))
                _ = try await bus.call(request, CallContext())
                #expect(gemini.requests(model + ":countTokens").count == 1)
                gemini.always(model + ":countTokens", .json(200, #"{"totalTokens":2049}"#))
                let longer = Inference.Embed(model: "gemini/gemini-embedding-001", input: ["short", long + "x", "b"])
                let fault = await #expect(throws: Fault.self) { try await bus.call(longer, CallContext()) }
                #expect(fault?.code == .contextTooLong)
                #expect(fault?.message.hasPrefix("input[1] is too long") == true, "\(fault?.message ?? "")")
                #expect(fault?.message.contains("2049 tokens") == true)
            }
        }
    }
}
