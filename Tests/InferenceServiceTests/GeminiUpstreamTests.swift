import Bus
import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// Gemini as it really behaves.
@Suite(.timeLimit(.minutes(5))) struct GeminiUpstreamTests {
    private static let path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"

    private func outcome(
        _ answer: FakeResponse?,
        _ request: Inference.Generate = geminiQuestion()
    ) async throws -> (outcome: GeminiOutcome, bodies: [String]) {
        try await withFakeGemini { gemini in
            if let answer { gemini.always(Self.path, answer) }
            let outcome = try await geminiRouting(to: gemini.url).routing.geminiOutcome(request)
            return (outcome, gemini.requests(Self.path).map(\.body))
        }
    }

    // MARK: Ends

    private static let empty =
        #"{"candidates":[{"content":{"role":"model","parts":[]},"finishReason":"STOP","index":0}]}"#

    @Test func `a finish reason before the text is no end`() throws {
        var decoder = GeminiDecoder(
            name: "gemini/x",
            model: "x",
            faults: ProviderFaults(name: "Gemini", address: "http://gemini", setting: "GEMINI_BASE_URL")
        )
        var event = Inference.Event()
        try decoder.read(.init(string: "data: \(Self.empty)\n\n"), into: &event)
        #expect(!decoder.isAwaitingTrailer, "The stream is not closed soon.")
        let text = FakeResponse.geminiChunk(parts: [#"{"text":"Hello"}"#])
        try decoder.read(.init(string: "data: \(text)\n\n"), into: &event)
        #expect(decoder.isAwaitingTrailer)
        let reading = try GeminiReading(chunks: [
            Self.empty, Self.empty, text,
            FakeResponse.geminiChunk(
                parts: [],
                finishReason: "STOP",
                usage: #"{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}"#
            ),
        ])
        #expect(reading.outcome.text == "Hello" && reading.outcome.finish?.reason == .stop)
        #expect(reading.outcome.finish?.usage?.completionTokens == 2)
    }

    @Test func `a filter after an early end is still told`() throws {
        let reading = try GeminiReading(chunks: [
            Self.empty, FakeResponse.geminiChunk(parts: [], finishReason: "SAFETY"),
        ])
        #expect(reading.outcome.finish?.reason == .contentFilter && !reading.outcome.refusal.isEmpty)
    }

    // MARK: Empty members and candidates

    @Test func `an empty text means the same as null`() throws {
        let chunks = (0..<3).map { index in
            #"{"error":"","promptFeedback":{"blockReason":""},"candidates":[{"content":{"parts":[{"text":"\#(index)","#
                + #""thoughtSignature":"","functionCall":""}]},"finishReason":"","finishMessage":""}]}"#
        }
        let broken = try GeminiReading(chunks: chunks)
        #expect(broken.outcome.text == "012" && broken.outcome.finish == nil)
        let whole = try GeminiReading(chunks: chunks + [Self.empty])
        #expect(whole.outcome.finish == Inference.Finish(reason: .stop, model: "gemini/gemini-2.5-flash", usage: nil))
    }

    @Test func `only the candidate with the index 0 counts`() throws {
        let reading = try GeminiReading(chunks: [
            #"{"candidates":[{"index":1,"content":{"parts":[{"text":"no"}]}},{"content":{"parts":[{"text":"yes"}]},"index":0}]}"#,
            #"{"candidates":[{"content":{"parts":[{"text":"no"}]},"finishReason":"MAX_TOKENS","index":1}]}"#,
            #"{"candidates":[{"content":{"parts":[{"text":"!"}]},"finishReason":"STOP"},{"content":{"parts":[{"text":"no"}]}}]}"#,
        ])
        #expect(reading.outcome.text == "yes!" && reading.outcome.finish?.reason == .stop)
    }

    @Test(arguments: [
        #"{"code":"context_length_exceeded","message":"This model's maximum context length is 5 tokens"}"#,
        #"{"error":"input token count exceeds the maximum number of tokens allowed"}"#,
        #"{"detail":"prompt is too long"}"#,
    ])
    func `an error of a proxy within a response keeps its words`(_ chunk: String) throws {
        #expect(try GeminiReading(chunks: [chunk]).error?.cause == .contextTooLong)
        let text = FakeResponse.geminiChunk(parts: [#"{"text":"Hello"}"#])
        let late = try GeminiReading(chunks: [text, chunk])
        #expect(late.outcome.text == "Hello" && late.error?.cause == .contextTooLong)
    }

    // MARK: Names and histories

    private static let name = "21st_magic_component_builder"

    @Test func `a forbidden name goes out as another one, and comes back`() async throws {
        var request = geminiQuestion()
        request.tools = RawJSON(
            #"[{"type":"function","function":{"name":"\#(Self.name)","parameters":{"type":"object"}}}]"#
        )
        request.toolChoice = RawJSON(#"{"type":"function","function":{"name":"\#(Self.name)"}}"#)
        request.messages += [
            .init(role: .assistant, content: nil, toolCalls: [.init(id: "a", name: Self.name, arguments: "")]),
            .init(role: .tool, content: .text("ok"), toolCallID: "a"), .init(role: .user, content: "Again."),
        ]
        let call = #"{"functionCall":{"name":"_\#(Self.name)","args":{"x":1}}}"#
        let answer = FakeResponse.gemini(chunks: [FakeResponse.geminiChunk(parts: [call], finishReason: "STOP")])
        let (outcome, bodies) = try await outcome(answer, request)
        #expect(outcome.calls.map(\.function.name) == [Self.name])
        let body = try #require(bodies.first)
        #expect(!body.contains("\"\(Self.name)\""))
        #expect(body.contains(#""functionDeclarations":[{"name":"_\#(Self.name)""#))
        #expect(body.contains(#""allowedFunctionNames":["_\#(Self.name)"]"#))
        #expect(body.contains(#""functionCall":{"id":"a","name":"_\#(Self.name)","args":{}}"#))
        #expect(body.contains(#""functionResponse":{"id":"a","name":"_\#(Self.name)""#))
    }

    private static let calls = Inference.Message(
        role: .assistant,
        content: nil,
        toolCalls: [.init(id: "a", name: "f", arguments: "{}"), .init(id: "b", name: "f", arguments: "{}")]
    )

    private static func result(_ id: String) -> Inference.Message {
        Inference.Message(role: .tool, content: .text("ok"), toolCallID: id)
    }

    /// The fake server has Gemini's rule: as many results as calls, directly after them.
    @Test(
        arguments: [
            [calls], [calls, result("a")], [calls, .init(role: .user, content: "Next?"), result("a"), result("b")],
            [calls, result("b"), .init(role: .user, content: "Next?"), result("a")],
            [calls, result("a"), result("a"), result("b"), result("b")], [result("a"), calls],
            [calls, result("a"), result("b"), calls, result("a"), result("b"), result("c")],
        ]
    )
    func `a history that Gemini would refuse is answered`(_ messages: [Inference.Message]) async throws {
        var request = geminiQuestion()
        request.messages += messages + [.init(role: .user, content: "Go on.")]
        let found = try await outcome(nil, request)
        #expect(found.outcome.fault == nil && !found.outcome.text.isEmpty)
    }

    // MARK: JSON beside tools

    @Test func `beside tools older models receive the format as an instruction, and newer ones are limited to it`()
        throws
    {
        func body(_ model: String, choice: String? = nil) throws -> String {
            var prompt = Prompt(model: model, messages: .init(string: #"[{"role":"user","content":"x"}]"#))
            prompt.plan = try ToolPlan(
                tools: .init(string: #"[{"type":"function","function":{"name":"f"}}]"#),
                choice: choice.map { .init(string: $0) },
                format: .init(string: #"{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}"#)
            )
            let media = GeminiMedia(passesAddresses: false)
            return String(
                buffer: try GeminiRequest(prompt: prompt, traits: GeminiModelTraits(model: model), media: media)
                    .encoded()
            )
        }
        let old = try body("gemini-2.0-flash")
        #expect(!old.contains("responseMimeType") && old.contains("functionDeclarations"))
        #expect(old.contains("systemInstruction") && old.contains("It must match this JSON schema"))
        let new = try body("gemini-3-pro-preview")
        #expect(new.contains("responseMimeType") && new.contains("functionDeclarations"))
        #expect(!new.contains("systemInstruction"))
        let none = try body("gemini-2.0-flash", choice: #""none""#)
        #expect(none.contains("responseMimeType") && !none.contains("functionDeclarations"))
        let required = try body("gemini-2.0-flash", choice: #""required""#)
        #expect(!required.contains("responseMimeType") && !required.contains("systemInstruction"))
    }

    // MARK: Lists

    @Test func `an invalid entry of the list hides no other`() async throws {
        try await withFakeGemini { gemini in
            gemini.always(
                "/v1beta/models",
                .json(
                    200,
                    #"{"models":[null,{"displayName":"x"},{"name":7},{"name":"models/gemini-2.5-flash","inputTokenLimit":"1000","#
                        + #""supportedGenerationMethods":"all","thinking":"yes"},{"name":"models/gemini-2.5-pro"}]}"#
                )
            )
            let catalogue = try geminiRouting(to: gemini.url).catalogue
            await catalogue.refresh()
            let models = catalogue.reports.first { $0.name == "gemini" }?.models ?? []
            #expect(Set(models.map(\.name)) == ["gemini/gemini-2.5-flash", "gemini/gemini-2.5-pro"])
            #expect(models.first { $0.name.hasSuffix("flash") }?.window == 1000)
        }
    }

    // MARK: Files

    private func imageRequest() -> Inference.Generate {
        var request = geminiQuestion()
        let data = Data(repeating: 7, count: 9000).base64EncodedString()
        let image = Inference.Part(image: .init(url: "data:image/png;base64,\(data)"))
        request.messages[0].content = .parts([.init(text: "What is this?"), image])
        return request
    }

    @Test func `a file is uploaded once while it lives`() async throws {
        try await withFakeGemini { gemini in
            let routing = try geminiRouting(to: gemini.url, inlineLimit: 1000).routing
            for _ in 0..<3 { #expect(try await routing.geminiOutcome(imageRequest()).fault == nil) }
            #expect(gemini.requests("/upload/v1beta/files").count == 2)
            #expect(gemini.requests(Self.path).count == 3)
        }
    }

    @Test func `a file that Gemini deleted is uploaded again, once`() async throws {
        try await withFakeGemini { gemini in
            let routing = try geminiRouting(to: gemini.url, inlineLimit: 1000).routing
            #expect(try await routing.geminiOutcome(imageRequest()).fault == nil)
            let gone = FakeResponse.geminiError(
                403,
                "PERMISSION_DENIED",
                "You do not have permission to access the File abc or it may not exist."
            )
            gemini.next(Self.path, gone)
            #expect(try await routing.geminiOutcome(imageRequest()).fault == nil)
            #expect(gemini.requests("/upload/v1beta/files").count == 4)
            gemini.always(Self.path, gone)
            #expect(try await routing.geminiOutcome(imageRequest()).fault != nil)
            #expect(gemini.requests(Self.path).count == 5)
        }
    }

    @Test func `files are forgotten before Gemini deletes them, and their number is bounded`() {
        let cache = GeminiFileCache(limit: 4)
        let now = ContinuousClock.now
        let key = { (number: Int) in GeminiFileCache.Key(data: "\(number)", type: "image/png") }
        cache.store("u", of: key(0), at: now)
        #expect(cache.uri(of: key(0), at: now + .seconds(40 * 3600)) == "u")
        #expect(cache.uri(of: .init(data: "0", type: "image/jpeg"), at: now) == nil)
        #expect(cache.uri(of: key(0), at: now + .seconds(47 * 3600)) == nil)
        for index in 0..<100 { cache.store("u\(index)", of: key(index), at: now + .seconds(index)) }
        #expect((0..<100).count { cache.uri(of: key($0), at: now + .seconds(100)) != nil } <= 4)
        #expect(cache.uri(of: key(99), at: now + .seconds(100)) == "u99")
        cache.remove(["u99"])
        #expect(cache.uri(of: key(99), at: now + .seconds(100)) == nil)
    }
}
