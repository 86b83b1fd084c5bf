import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Requests to servers compatible with OpenAI's API, and their responses.
@Suite(.timeLimit(.minutes(5))) struct OpenAIChatTests {
    private let model = "openai/gpt-4o-mini"

    @Test func `a plain request is passed unchanged, with the key`() async throws {
        try await withFakeOpenAI { openAI in
            let options = Inference.Options(maxTokens: 9, stop: ["E"], temperature: 0.25, seed: 4)
            let outcome = try await compatibleRouting(to: openAI.url).routing.outcome(
                question("Hé \"you\"", model: model, options: options)
            )
            #expect(outcome.finish?.reason != nil)
            #expect(outcome.finish?.model == model)
            #expect(outcome.finish?.usage?.isEstimated == false)
            let request = try #require(openAI.requests("/v1/chat/completions").first)
            #expect(request.headers["authorization"] == "Bearer sk-test")
            #expect(request.headers["accept"] == "text/event-stream")
            let body = try object(request.body)
            #expect(body["model"] as? String == "gpt-4o-mini")
            #expect(body["stream"] as? Bool == true)
            #expect((body["stream_options"] as? [String: Bool])?["include_usage"] == true)
            #expect(body["max_tokens"] as? Int == 9)
            #expect(body["temperature"] as? Double == 0.25)
            #expect((body["messages"] as? [[String: Any]])?.last?["content"] as? String == "Hé \"you\"")
        }
    }

    @Test func `a complete answer is made of a stream`() async throws {
        try await withFakeOpenAI { openAI in
            let request = try GenerationRequest(question(model: model))
            let answer = try await compatibleRouting(to: openAI.url).routing.complete(request, CallContext())
            #expect(answer.text?.isEmpty == false)
            #expect(answer.finish.reason == .stop)
            let body = try object(try #require(openAI.requests("/v1/chat/completions").first).body)
            #expect(body["stream"] as? Bool == true)
            #expect(answer.finish.usage?.isEstimated == false)
        }
    }

    @Test func `tools are offered, called and answered`() async throws {
        try await withFakeOpenAI { openAI in
            let routing = try compatibleRouting(to: openAI.url).routing
            var request = question("What is the weather in Rome?", model: model)
            request.tools = RawJSON(
                #"[{"type":"function","function":{"name":"weather","parameters":{"type":"object","#
                    + #""properties":{"city":{"type":"string"}},"required":["city"]}}}]"#
            )
            let called = try await routing.complete(GenerationRequest(request), CallContext())
            #expect(called.finish.reason == .toolCalls)
            let call = try #require(called.toolCalls?.first)
            #expect(call.function.name == "weather")
            request.messages.append(Inference.Message(role: .assistant, content: nil, toolCalls: called.toolCalls))
            request.messages.append(Inference.Message(role: .tool, content: .text("18 degrees"), toolCallID: call.id))
            let answered = try await routing.complete(GenerationRequest(request), CallContext())
            #expect(answered.text?.contains("18 degrees") == true)
        }
    }

    @Test(arguments: [
        (#"{"reasoning_content":"Hm."}"#, "Hm."), (#"{"reasoning":"Hm."}"#, "Hm."),
        (#"{"content":[{"type":"text","text":"x"}]}"#, ""),
        (#"{"content":"x","unknown":{"a":[1]}}"#, ""), (#"{"role":"assistant","content":"x"}"#, ""),
    ])
    func `deltas in many formats are read`(_ delta: String, _ reasoning: String) async throws {
        try await withFakeOpenAI { openAI in
            openAI.always(nil, .openAIStream(["{\"choices\":[{\"index\":0,\"delta\":\(delta)}]}", Self.end("stop")]))
            let outcome = try await compatibleRouting(to: openAI.url).routing.outcome(question(model: model))
            #expect(outcome.reasoning == reasoning)
            #expect(outcome.finish != nil)
            #expect(outcome.text == (delta.contains("\"x\"") ? "x" : ""))
        }
    }

    @Test(arguments: [
        ("stop", Inference.Finish.Reason.stop), ("length", .length), ("content_filter", .contentFilter),
        ("tool_calls", .stop), ("function_call", .stop), ("eos", .stop), ("max_tokens", .length), ("STOP", .stop),
        ("Length", .length),
    ])
    func `finish reasons are converted`(_ reason: String, _ wanted: Inference.Finish.Reason) async throws {
        try await withFakeOpenAI { openAI in
            openAI.always(nil, .openAIStream([#"{"choices":[{"delta":{"content":"x"}}]}"#, Self.end(reason)]))
            let outcome = try await compatibleRouting(to: openAI.url).routing.outcome(question(model: model))
            #expect(outcome.finish?.reason == wanted)
        }
    }

    @Test func `streamed and complete responses are accepted for both kinds of requests`() async throws {
        try await withFakeOpenAI { openAI in
            let routing = try compatibleRouting(to: openAI.url).routing
            openAI.always(nil, .openAIStream(text: ["a", "b"]))
            let whole = try await routing.complete(GenerationRequest(question(model: model)), CallContext())
            #expect(whole.text == "ab")
            var reply = FakeModelTurn.Reply(promptTokens: 3)
            reply.pieces = ["a", "b"]
            openAI.always(
                nil,
                .openAI(OpenAIChunks(model: "m", includesUsage: false).whole(reply, finishReason: "stop"))
            )
            let streamed = try await routing.outcome(question(model: model))
            #expect(streamed.text == "ab")
            #expect(streamed.finish != nil)
        }
    }

    @Test func `models are listed by the server or by the file`() async throws {
        try await withFakeOpenAI { openAI in
            let catalogue = try compatibleRouting(to: openAI.url).catalogue
            await catalogue.refresh()
            let models = try #require(catalogue.reports.first { $0.name == "openai" }?.models)
            #expect(models.first?.name == "openai/gpt-4o-mini")
            #expect(models.last?.name == "openai/text-embedding-3-small")
            #expect(models.first?.window == 128_000)
            #expect(models.last?.supports(.chat) == false)
            #expect(try await catalogue.find("gpt-4o-mini").name == "openai/gpt-4o-mini")
            #expect(try await catalogue.find("gpt-5-unlisted").name == "openai/gpt-5-unlisted")
            let listed = [ListedModel(id: "org/M-8B", window: 4096, abilities: [.chat])]
            let other = try compatibleRouting(to: openAI.url, models: listed).catalogue
            await other.refresh()
            #expect(try await other.find("openai/org/M-8B").window == 4096)
            #expect(openAI.requests("/v1/models").count == 2, "What the file lists is not asked for.")
        }
    }

    @Test func `images are sent only to models that support them`() async throws {
        try await withFakeOpenAI { openAI in
            let listed = [
                ListedModel(id: "seeing", abilities: [.chat, .images]),
                ListedModel(id: "blind", abilities: [.chat]),
            ]
            let (routing, catalogue) = try compatibleRouting(to: openAI.url, models: listed)
            await catalogue.refresh()
            openAI.always(nil, .openAIStream(text: ["ok"]))
            var request = question(model: "openai/seeing")
            let image = Inference.Image(url: "data:image/png;base64,AAAA")
            request.messages = [
                Inference.Message(role: .user, content: .parts([.init(text: "?"), .init(image: image)]))
            ]
            #expect(try await routing.outcome(request).text == "ok")
            let sent = try #require(openAI.requests("/v1/chat/completions").first).body
            #expect(sent.contains("data:image/png;base64,AAAA"))
            request.model = "openai/blind"
            let fault = try await routing.outcome(request).fault
            #expect(fault?.code == .invalid)
            #expect(fault?.message.contains("images") == true)
            #expect(openAI.requests("/v1/chat/completions").count == 1)
        }
    }

    @Test func `embeddings are read as numbers and as base64`() async throws {
        try await withFakeOpenAI { openAI in
            let routing = try compatibleRouting(to: openAI.url).routing
            let request = Inference.Embed(model: "openai/text-embedding-3-small", input: ["a", "b"], dimensions: 8)
            let answer = try await routing.embed(request, CallContext())
            let wanted = ["a", "b"].map { FakeOpenAI.vector(of: $0, dimensions: 8).littleEndianBase64 }
            #expect(answer.vectors == wanted)
            #expect(answer.isEstimated == false)
            openAI.always("/v1/embeddings", .openAIEmbeddings([[1], [2]], asText: true))
            #expect(
                try await routing.embed(request, CallContext()).vectors == [[Float(1)], [2]].map(\.littleEndianBase64)
            )
            openAI.always("/v1/embeddings", .openAIEmbeddings([[1]], asText: false))
            await #expect(throws: Fault.self) { _ = try await routing.embed(request, CallContext()) }
        }
    }

    private static func end(_ reason: String) -> String {
        "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"\(reason)\"}]}"
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
