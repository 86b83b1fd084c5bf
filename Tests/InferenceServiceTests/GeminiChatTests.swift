import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Conversations with a fake Gemini that validates requests like the real one.
@Suite(.timeLimit(.minutes(5))) struct GeminiChatTests {
    private static let path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"

    private func call(_ arguments: String, of outcome: GeminiOutcome) throws -> Inference.ToolCall {
        let call = try #require(outcome.calls.first)
        #expect(call.function == Inference.ToolCall.Function(name: "weather", arguments: arguments))
        return call
    }

    private static let tools = RawJSON(
        """
        [{"type":"function","function":{"name":"weather","description":"Tells the weather.","parameters":\
        {"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}]
        """
    )

    @Test func `an answer is streamed to its finish, with the key in a header only`() async throws {
        try await withFakeGemini { gemini in
            let outcome = try await geminiRouting(to: gemini.url).routing.geminiOutcome()
            #expect(outcome.text == "Hello from the fake.")
            #expect(outcome.reasoning.hasPrefix("**Considering"))
            #expect(outcome.fault == nil)
            let usage = Usage(promptTokens: 8, completionTokens: 26, isEstimated: false, reasoningTokens: 21)
            #expect(
                outcome.finish == Inference.Finish(reason: .stop, model: "gemini/gemini-2.5-flash", usage: usage)
            )
            let request = try #require(gemini.requests(Self.path).first)
            #expect(request.query == "alt=sse")
            #expect(request.headers["x-goog-api-key"] == "a-key")
            #expect(request.headers["authorization"] == nil)
            #expect(request.headers["content-type"] == "application/json")
            #expect(gemini.requests().allSatisfy { !$0.query.contains("key") && !$0.path.contains("a-key") })
        }
    }

    @Test func `a complete answer uses the same request`() async throws {
        try await withFakeGemini { gemini in
            let routing = try geminiRouting(to: gemini.url + "/", version: .v1).routing
            let answer = try await routing.complete(GenerationRequest(geminiQuestion()), CallContext())
            #expect(answer.text == "Hello from the fake.")
            #expect(answer.begin.model == "gemini/gemini-2.5-flash")
            #expect(gemini.requests("/v1/models/gemini-2.5-flash:streamGenerateContent").count == 1)
        }
    }

    @Test(arguments: ["gemini-3-pro-preview", "gemini-2.5-flash", "gemini-2.0-flash"])
    func `a tool is called, its result is sent, and signatures are returned`(_ model: String) async throws {
        try await withFakeGemini { gemini in
            let routing = try geminiRouting(to: gemini.url).routing
            var request = geminiQuestion("How is the weather in Paris?", model: "gemini/" + model)
            request.tools = Self.tools
            let first = try await routing.geminiOutcome(request)
            #expect(first.finish?.reason == .toolCalls)
            let call = try call(#"{"city": "Paris"}"#, of: first)
            #expect((call.metadata != nil) == (model != "gemini-2.0-flash"))
            request.messages += [
                .init(role: .assistant, content: nil, toolCalls: first.calls),
                .init(role: .tool, content: .text(#"{"sky":"blue"}"#), toolCallID: call.id),
            ]
            let second = try await routing.geminiOutcome(request)
            #expect(second.fault == nil)
            #expect(second.text == #"The tool weather said {"sky":"blue"}."#)
            #expect(second.finish?.reason == .stop)
            let body = try #require(gemini.requests().last?.body)
            if let signature = GeminiSignature.read(call.metadata) {
                #expect(body.contains("\"thoughtSignature\":\"\(signature)\""))
            } else {
                #expect(!body.contains("thoughtSignature"))
            }
            // The signature of the whole answer is returned as well.
            request.messages += [
                .init(role: .assistant, content: .text(second.text), metadata: second.finish?.metadata),
                .init(role: .user, content: "And tomorrow?"),
            ]
            request.tools = nil
            let third = try await routing.geminiOutcome(request)
            #expect(third.text == "Hello from the fake.")
            #expect((second.finish?.metadata != nil) == (model == "gemini-3-pro-preview"))
        }
    }

    @Test func `calls of another model are accepted by a model that requires signatures`() async throws {
        try await withFakeGemini { gemini in
            var request = geminiQuestion(model: "gemini/gemini-3-pro-preview")
            request.messages += [
                .init(
                    role: .assistant,
                    content: .text("I look."),
                    toolCalls: [
                        Inference.ToolCall(id: "call_1", name: "weather", arguments: "{\"city\":\"Par"),
                        Inference.ToolCall(id: "call_2", name: "weather", arguments: ""),
                    ]
                ),
                .init(role: .tool, content: .text("rain"), toolCallID: "call_1"),
                .init(role: .tool, content: .text("[1]"), toolCallID: "call_2"),
            ]
            let outcome = try await geminiRouting(to: gemini.url).routing.geminiOutcome(request)
            #expect(outcome.text == #"The tool weather said {"result":"rain"} and weather said {"result":[1]}."#)
        }
    }

    @Test func `unsupported options are not sent to a model`() async throws {
        try await withFakeGemini { gemini in
            let (routing, catalogue) = try geminiRouting(to: gemini.url)
            await catalogue.refresh()
            for model in ["gemini-2.0-flash", "gemma-3-27b-it", "gemini-2.5-flash-image", "gemini-2.5-pro"] {
                var options = Inference.Options(maxTokens: 100, stop: ["END"], temperature: 1, seed: 7)
                options.reasoningEffort = "none"
                var request = geminiQuestion(model: "gemini/" + model, options: options)
                request.messages.insert(.init(role: .system, content: "Be kind."), at: 0)
                let outcome = try await routing.geminiOutcome(request)
                #expect(outcome.fault == nil)
                #expect(outcome.text == "Hello from the fake.")
            }
        }
    }

    @Test func `the response format and the tool choice reach the model`() async throws {
        try await withFakeGemini { gemini in
            let routing = try geminiRouting(to: gemini.url).routing
            var request = geminiQuestion()
            request.responseFormat = RawJSON(
                #"{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}}"#
            )
            let json = try await routing.geminiOutcome(request)
            #expect(json.text == #"{"answer": "Hello"}"#)
            request = geminiQuestion()
            (request.tools, request.toolChoice) = (Self.tools, RawJSON(#""none""#))
            let none = try await routing.geminiOutcome(request)
            #expect(none.calls.isEmpty && none.text == "Hello from the fake.")
        }
    }

    @Test func `images and audio are sent with the message`() async throws {
        try await withFakeGemini { gemini in
            var request = geminiQuestion()
            request.messages[0].content = .parts([
                .init(text: "What is this?"), .init(image: .init(url: "data:image/png;base64,iVBORw0KGgo=")),
                .init(audio: .init(data: "UklGRg==", format: "wav")),
            ])
            let routing = try geminiRouting(to: gemini.url).routing
            let outcome = try await routing.geminiOutcome(request)
            #expect(outcome.text == "Hello from the fake.")
            let parts = """
                [{"text":"What is this?"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},\
                {"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}}]
                """
            #expect(gemini.requests(Self.path).first?.body.contains(parts) == true)
            request.messages[0].content = .parts([.init(image: .init(url: "https://example.org/a.png"))])
            let refused = try await routing.geminiOutcome(request)
            #expect(refused.fault?.code == .invalid)
            #expect(gemini.requests(Self.path).count == 1)
        }
    }

    @Test func `a blocked prompt finishes with the content filter`() async throws {
        try await withFakeGemini { gemini in
            let blocked =
                #"{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},"usageMetadata": {"promptTokenCount": 4}}"#
            gemini.next(nil, .gemini(chunks: [blocked]), .gemini(["I ", "am"], finishReason: "SAFETY"))
            let routing = try geminiRouting(to: gemini.url).routing
            let prompt = try await routing.geminiOutcome()
            #expect(prompt.finish?.reason == .contentFilter)
            #expect(prompt.refusal.contains("PROHIBITED_CONTENT"))
            let answer = try await routing.geminiOutcome()
            #expect(answer.finish?.reason == .contentFilter)
            #expect(answer.text == "I am")
            #expect(answer.refusal.contains("SAFETY"))
        }
    }

    @Test func `missing usage is estimated and marked`() async throws {
        try await withFakeGemini { gemini in
            gemini.next(nil, .gemini(["Hello"], usage: nil))
            let outcome = try await geminiRouting(to: gemini.url).routing.geminiOutcome()
            #expect(outcome.finish?.usage?.isEstimated == true)
        }
    }

    @Test func `an array without alt=sse is an answer`() async throws {
        try await withFakeGemini { gemini in
            let array = FakeResponse.geminiArray(chunks: FakeResponse.geminiChunks(["Hel", "lo"]))
            gemini.next(nil, array, array.byteByByte())
            let routing = try geminiRouting(to: gemini.url).routing
            for _ in 0..<2 {
                let outcome = try await routing.geminiOutcome()
                #expect(outcome.text == "Hello" && outcome.finish?.reason == .stop)
            }
        }
    }

    @Test func `the content of one read is one event`() async throws {
        try await withFakeGemini { gemini in
            gemini.next(nil, .gemini((0..<100).map { "\($0) " }))
            let stream = try await geminiRouting(to: gemini.url).routing.generate(
                GenerationRequest(geminiQuestion()),
                CallContext()
            )
            var texts: [String] = []
            for try await event in stream { texts += event.text.map { [$0] } ?? [] }
            #expect(texts.joined() == (0..<100).map { "\($0) " }.joined())
            #expect(texts.count < 20)
        }
    }

    @Test func `cancelling a caller ends the provider's work`() async throws {
        try await withFakeGemini { gemini in
            gemini.next(nil, .gemini(["Hello", " there"], finishReason: nil).stalledBeforeEnd)
            let stream = try await geminiRouting(to: gemini.url).routing.generate(
                GenerationRequest(geminiQuestion()),
                CallContext()
            )
            _ = try await stream.nextBatch()
            stream.close()
            try await eventually { gemini.requests(Self.path).first?.isAbandoned == true }
        }
    }
}
