import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// The verdict on the format in the finish of an answer, with both forms of a request.
@Suite(.timeLimit(.minutes(5))) struct FormatVerdictTests {
    private static let schema =
        #"{"type":"object","properties":{"a":{"type":"number"}},"required":["a"],"additionalProperties":false}"#

    private func request(_ format: String) -> Inference.Generate {
        var request = question()
        request.responseFormat = RawJSON(format)
        return request
    }

    private func schemaRequest(_ schema: String = schema) -> Inference.Generate {
        request(#"{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":\#(schema)}}"#)
    }

    /// The verdict of a stream, which the verdict of a whole answer must equal.
    private func verdict(_ answer: FakeResponse, _ request: Inference.Generate) async throws -> Inference.FormatVerdict?
    {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", answer)
            let routing = try routing(to: ollama.url).routing
            let stream = try await routing.outcome(request)
            let whole = try await routing.complete(GenerationRequest(request), CallContext())
            #expect(stream.finish?.format == whole.finish.format)
            return stream.finish?.format
        }
    }

    @Test func `a valid answer is said to be valid`() async throws {
        let verdict = try await verdict(.chat([#"{"a""#, ":1}"]), schemaRequest())
        #expect(verdict == Inference.FormatVerdict(isValid: true))
    }

    @Test func `an invalid answer is complete, with the place and the reason`() async throws {
        let verdict = try await verdict(.chat([#"{"a":"#, #""x"}"#]), schemaRequest())
        #expect(verdict == Inference.FormatVerdict(isValid: false, reason: "$.a: Expected number, found a string."))
    }

    @Test func `an answer that was cut says so`() async throws {
        let verdict = try await verdict(.chat([#"{"a":"#], doneReason: "length"), schemaRequest())
        #expect(verdict?.isValid == false)
        #expect(verdict?.reason?.contains("limit of its tokens") == true)
        let complete = try await self.verdict(.chat([#"{"a":1}"#], doneReason: "length"), schemaRequest())
        #expect(complete?.isValid == true)
    }

    @Test func `an object is enough without a schema, and text has no verdict`() async throws {
        let json = request(#"{"type":"json_object"}"#)
        #expect(try await verdict(.chat(["{}"]), json)?.isValid == true)
        #expect(try await verdict(.chat(["Sorry, no."]), json)?.isValid == false)
        #expect(try await verdict(.chat(["{}"]), question()) == nil)
        #expect(try await verdict(.chat(["{}"]), request(#"{"type":"text"}"#)) == nil)
    }

    @Test func `a call of a tool has no verdict`() async throws {
        var request = schemaRequest()
        request.tools = RawJSON(#"[{"type":"function","function":{"name":"f"}}]"#)
        let lines = [FakeResponse.toolCalls(FakeResponse.toolCall("f", "{}"))] + FakeResponse.chatLines([])
        #expect(try await verdict(.chat(lines: lines), request) == nil)
    }

    @Test func `a refusal is no invalid schema`() async throws {
        try await withFakeGemini { gemini in
            gemini.always(
                "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
                .gemini(chunks: [FakeResponse.geminiChunk(parts: [], finishReason: "SAFETY")])
            )
            var request = geminiQuestion()
            request.responseFormat = schemaRequest().responseFormat
            let outcome = try await geminiRouting(to: gemini.url).routing.geminiOutcome(request)
            #expect(outcome.finish?.format == FormatValidator.refused)
        }
    }

    @Test func `a schema outside of the strict subset reaches no model`() async throws {
        try await withFakeOllama { ollama in
            let routing = try routing(to: ollama.url).routing
            let fault = try await routing.outcome(schemaRequest(#"{"type":"object"}"#)).fault
            #expect(fault?.code == .invalid)
            #expect(fault?.message.contains("additionalProperties") == true)
            #expect(ollama.requests("/api/chat").isEmpty)
        }
    }
}
