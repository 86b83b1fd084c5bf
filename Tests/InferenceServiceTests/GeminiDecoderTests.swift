import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

@Suite struct GeminiDecoderTests {
    @Test func `text, thoughts and usage are separate`() throws {
        let usage = """
            {"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":21,"toolUsePromptTokenCount":3,\
            "cachedContentTokenCount":4,"totalTokenCount":39,"promptTokensDetails":[{"modality":"TEXT","tokenCount":10}]}
            """
        let reading = try GeminiReading(chunks: [
            FakeResponse.geminiChunk(parts: [#"{"text":"Hm.","thought":true}"#], usage: #"{"promptTokenCount":10}"#),
            FakeResponse.geminiChunk(parts: [#"{"thought":false,"text":"Grü"}"#, #"{"text":"ße"}"#]),
            FakeResponse.geminiChunk(
                parts: [#"{"text":"","thoughtSignature":"c2ln+/=="}"#],
                finishReason: "STOP",
                usage: usage
            ),
        ])
        #expect(reading.outcome.text == "Grüße")
        #expect(reading.outcome.reasoning == "Hm.")
        let counted = Usage(
            promptTokens: 13,
            completionTokens: 26,
            isEstimated: false,
            cachedTokens: 4,
            reasoningTokens: 21
        )
        #expect(
            reading.outcome.finish
                == Inference.Finish(
                    reason: .stop,
                    model: "gemini/gemini-2.5-flash",
                    usage: counted,
                    metadata: RawJSON(#"{"google":{"thought_signature":"c2ln+/=="}}"#)
                )
        )
    }

    @Test(
        arguments: [
            (#"{"promptTokenCount":10,"totalTokenCount":10}"#, 10, 0, nil),
            (#"{"promptTokenCount":10,"thoughtsTokenCount":7,"totalTokenCount":17}"#, 10, 7, 7),
            (#"{"prompt_token_count":10,"candidates_token_count":2}"#, 10, 2, nil),
            (#"{"promptTokenCount":10,"candidatesTokenCount":-1,"totalTokenCount":99999999999999999999}"#, 10, 0, nil),
        ] as [(String, Int, Int, Int?)]
    )
    func `missing and invalid counts are ignored`(
        _ usage: String,
        _ prompt: Int,
        _ completion: Int,
        _ thoughts: Int?
    ) throws {
        let chunk = FakeResponse.geminiChunk(parts: [#"{"text":"a"}"#], finishReason: "STOP", usage: usage)
        let wanted = Usage(
            promptTokens: prompt,
            completionTokens: completion,
            isEstimated: false,
            reasoningTokens: thoughts
        )
        #expect(try GeminiReading(chunks: [chunk]).outcome.finish?.usage == wanted)
    }

    @Test func `an answer without usage has none, and the last usage counts`() throws {
        for usage in [nil, "null", "{}", "[]", #"{"promptTokenCount":"7"}"#] as [String?] {
            let chunk = FakeResponse.geminiChunk(parts: [#"{"text":"a"}"#], finishReason: "STOP", usage: usage)
            let finish = try #require(try GeminiReading(chunks: [chunk]).outcome.finish)
            #expect(finish.usage == nil)
        }
        let chunks = [
            FakeResponse.geminiChunk(
                parts: [#"{"text":"a"}"#],
                usage: #"{"promptTokenCount":1,"candidatesTokenCount":1}"#
            ),
            FakeResponse.geminiChunk(parts: [], finishReason: "STOP"),
            #"{"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":9}}"#,
        ]
        #expect(try GeminiReading(chunks: chunks).outcome.finish?.usage?.completionTokens == 9)
    }

    @Test(arguments: [
        ("STOP", Inference.Finish.Reason.stop), ("MAX_TOKENS", .length), ("SAFETY", .contentFilter),
        ("RECITATION", .contentFilter), ("LANGUAGE", .contentFilter), ("OTHER", .contentFilter),
        ("BLOCKLIST", .contentFilter), ("PROHIBITED_CONTENT", .contentFilter), ("SPII", .contentFilter),
        ("IMAGE_SAFETY", .contentFilter), ("NO_IMAGE", .contentFilter), ("MODEL_ARMOR", .contentFilter),
        ("SOMETHING_NEW", .contentFilter),
    ])
    func `a finish reason has its meaning`(_ reason: String, _ wanted: Inference.Finish.Reason) throws {
        let reading = try GeminiReading(chunks: FakeResponse.geminiChunks(["Hel", "lo"], finishReason: reason))
        #expect(reading.outcome.text == "Hello")
        #expect(reading.outcome.finish?.reason == wanted)
        #expect(reading.outcome.refusal.contains(reason) == (wanted == .contentFilter))
        #expect(reading.error == nil)
    }

    @Test(arguments: ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"])
    func `an invalid output is retried and is no outage`(_ reason: String) throws {
        let chunk = """
            {"candidates":[{"content":{},"finishReason":"\(reason)","finishMessage":"Malformed function call: print("}]}
            """
        let reading = try GeminiReading(chunks: [chunk])
        let error = try #require(reading.error)
        #expect(reading.outcome.finish == nil)
        #expect(error.cause == .modelFailed)
        #expect(!error.isOutage)
        #expect(error.fault.code == .provider)
        #expect(error.fault.message.contains(reason))
        #expect(error.fault.message.contains("print(."))
    }

    @Test func `a missing thought signature is an invalid request`() throws {
        let chunk = FakeResponse.geminiChunk(parts: [], finishReason: "MISSING_THOUGHT_SIGNATURE")
        let error = try #require(try GeminiReading(chunks: [chunk]).error)
        #expect(error.fault.code == .rejected)
        #expect(error.cause == .rejected)
    }

    @Test(arguments: ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK", "NEW"])
    func `a blocked prompt gives a content filter finish with the reason`(_ reason: String) throws {
        let reading = try GeminiReading(chunks: [
            """
            {"promptFeedback": {"blockReason": "\(reason)","safetyRatings": [{"category": "X"}]},\
            "usageMetadata": {"promptTokenCount": 4,"totalTokenCount": 4}}
            """
        ])
        #expect(reading.outcome.finish?.reason == .contentFilter)
        #expect(reading.outcome.finish?.usage?.promptTokens == 4)
        #expect(reading.outcome.refusal == "Gemini does not answer these messages for the reason \(reason).")
    }

    @Test func `an unknown finish reason is reported as a word`() throws {
        let reason = "NEW\\n<b>" + String(repeating: "x", count: 100_000)
        for chunk in [
            FakeResponse.geminiChunk(parts: [], finishReason: reason),
            #"{"promptFeedback":{"blockReason":"\#(reason)"}}"#,
        ] {
            let reading = try GeminiReading(chunks: [chunk])
            #expect(reading.outcome.finish?.reason == .contentFilter)
            #expect(reading.outcome.refusal.contains("reason NEWbxxx"))
            #expect(reading.outcome.refusal.count < 200)
        }
    }

    @Test func `tool calls are complete, with identifiers and signatures`() throws {
        let reading = try GeminiReading(chunks: [
            FakeResponse.geminiChunk(parts: [
                #"{"functionCall":{"name":"a","args":{"x": [1, "}"]}},"thoughtSignature":"c2ln"}"#,
                #"{"function_call":{"name":"a"}}"#,
            ]),
            FakeResponse.geminiChunk(
                parts: [
                    #"{"functionCall":{"id":"one","name":"b","args":null}}"#,
                    #"{"functionCall":{"id":"one","name":"c","args":{}}}"#,
                ],
                finishReason: "STOP"
            ),
        ])
        let calls = reading.outcome.calls
        #expect(calls.map(\.function.name) == ["a", "a", "b", "c"])
        #expect(calls.map(\.function.arguments) == [#"{"x": [1, "}"]}"#, "{}", "{}", "{}"])
        #expect(calls[0].metadata == RawJSON(#"{"google":{"thought_signature":"c2ln"}}"#))
        #expect(calls[2].id == "one")
        #expect(Set(calls.map(\.id)).count == 4)
        #expect(reading.outcome.finish?.reason == .toolCalls)
        #expect(reading.outcome.finish?.metadata == nil)
    }

    @Test func `a tool call without a name is invalid`() throws {
        for call in ["{}", #"{"name":""}"#, #"{"name":5}"#] {
            let chunk = FakeResponse.geminiChunk(parts: ["{\"functionCall\":\(call)}"], finishReason: "STOP")
            #expect(try GeminiReading(chunks: [chunk]).error?.cause == .modelFailed)
        }
    }

    @Test func `the numbers of calls and signatures are limited`() throws {
        let call = #"{"functionCall":{"name":"a","args":{}}}"#
        let chunk = FakeResponse.geminiChunk(parts: Array(repeating: call, count: 600))
        #expect(try GeminiReading(chunks: [chunk, chunk]).error?.fault.message.contains("1000 calls") == true)
        let signature = String(repeating: "A", count: 1 << 20)
        let signed = FakeResponse.geminiChunk(parts: ["{\"text\":\"\",\"thoughtSignature\":\"\(signature)\"}"])
        #expect(try GeminiReading(chunks: Array(repeating: signed, count: 5)).error?.fault.code == .provider)
    }

    @Test func `an array without alt=sse is decoded like events`() throws {
        let chunks = FakeResponse.geminiChunks(["Grü", "ße { \\\" ["]) + [#"{"usageMetadata":{"promptTokenCount":3}}"#]
        let pretty =
            "[{\n  \"candidates\": [\n    {\n\"content\": {\"parts\": [{\"text\": \"a\"}]}\n}]\n}\n,\r\n{\"candidates\": "
            + "[{\"finishReason\":\"STOP\"}]}]"
        #expect(try GeminiReading("[" + chunks.joined(separator: "\n,\r\n") + "\n]\n").outcome.text == "Grüße { \\\" [")
        #expect(try GeminiReading("[" + chunks.joined(separator: ",") + "]").outcome.finish?.usage?.promptTokens == 3)
        #expect(try GeminiReading(chunks.joined()).outcome.finish?.reason == .stop)
        let reading = try GeminiReading(pretty.utf8.map { [$0] })
        #expect(reading.outcome.text == "a")
        #expect(reading.outcome.finish?.reason == .stop)
    }

    @Test func `an error object instead of an answer is read anywhere`() throws {
        let details = #"[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}]"#
        let text = FakeResponse.geminiErrorText(429, "RESOURCE_EXHAUSTED", "Too { much", details: details)
        let oneLine = text.replacing("\n", with: "")
        for form in [text, "[\(text)]", "data: \(oneLine)\n\n", "data: [\(oneLine)]\n\n", "\r\n\(text)\r\n\r\n"] {
            let error = try #require(try GeminiReading(form).error)
            #expect(error.fault.code == .limited)
            #expect(error.fault.message.contains("Too { much"))
            #expect(error.delay == .seconds(7))
            #expect(error.status == 429)
        }
    }

    @Test func `an error within an answer ends it`() throws {
        let chunk = "data: \(FakeResponse.geminiChunks(["Hel"], finishReason: nil)[0])\r\n\r\n"
        let text = FakeResponse.geminiErrorText(503, "UNAVAILABLE", "The model is overloaded.")
        for form in [text, "[\(text)]", "data: \(text.replacing("\n", with: ""))\n\n"] {
            let reading = try GeminiReading(chunk + form)
            #expect(reading.outcome.text == "Hel")
            #expect(reading.error?.fault.code == .provider)
            #expect(reading.error?.fault.message.contains("The model is overloaded.") == true)
        }
    }

    @Test(arguments: [
        "<html>\n", "foo: bar\n", ": comment\n", "event: x\nid: 1\nretry: 5\n", "data:\n\n", "data: [DONE]\n\n",
        "data: {}\n\n", "data: []\n\n", "data: {\"candidates\":null}\n\n", "data: {\"candidates\":[]}\n\n", "]\n",
        "}\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"inlineData\":{\"data\":\"aGk=\"}},7,null]}}]}\n\n",
        "data: {\"new\":[[{}]],\"promptFeedback\":{}}\n\n",
        "data: {\"candidates\":[{\"finishReason\":\"FINISH_REASON_UNSPECIFIED\"}]}\n\n",
    ])
    func `unknown data is ignored and is no end`(_ strange: String) throws {
        let (first, second) = (
            "data: \(FakeResponse.geminiChunks(["a", "b"])[0])\n\n", FakeResponse.geminiChunks(["b"])[0]
        )
        let reading = try GeminiReading(first + strange + "data: \(second)\n\n")
        #expect(reading.outcome.text == "ab")
        #expect(reading.outcome.finish?.reason == .stop)
        #expect(try GeminiReading(strange).outcome == GeminiOutcome())
    }

    @Test(arguments: [
        "{", "x", "{\"a\" 1}", "{}}", "[{]", "\"x\"",
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\\x\"}]}}]}",
    ])
    func `invalid JSON ends the stream, and a truncated end is incomplete`(_ data: String) throws {
        let chunk = "data: \(FakeResponse.geminiChunks(["Hel"], finishReason: nil)[0])\n\n"
        let reading = try GeminiReading(chunk + "data: \(data)\n\n")
        #expect(reading.outcome.text == "Hel")
        #expect(reading.error?.fault.code == .provider)
        let cut = try GeminiReading(chunk + "data: \(data)")
        #expect(cut.outcome.text == "Hel")
        #expect(cut.error == nil)
        #expect(cut.outcome.finish == nil)
    }

    @Test func `a chunk beyond the limit ends the stream`() throws {
        let megabyte = Array(String(repeating: "x", count: 1 << 20).utf8)
        for start in ["data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"", "{\"a\":\"", "\"", "[{\"a\":\""] {
            let reading = try GeminiReading([Array(start.utf8)] + Array(repeating: megabyte, count: 64))
            #expect(reading.error?.fault.code == .provider)
        }
        let line = Array(("data: " + String(repeating: "x", count: 1 << 20) + "\n").utf8)
        #expect(try GeminiReading(Array(repeating: line, count: 64)).error?.fault.code == .provider)
        let raw = Array(("{\"a\":\"" + String(repeating: "x", count: 1 << 20) + "\n").utf8)
        #expect(try GeminiReading(Array(repeating: raw, count: 64)).error?.fault.code == .provider)
    }

    @Test func `truncated and corrupted streams do not crash`() throws {
        var generator = SystemRandomNumberGenerator()
        let call = #"{"functionCall":{"name":"a","args":{"x":"\u00e9"}},"thoughtSignature":"c2ln"}"#
        let chunks =
            FakeResponse.geminiChunks(["Grüße \\ \"q\" 😀\n"], finishReason: nil)
            + [FakeResponse.geminiChunk(parts: [call], finishReason: "STOP", usage: FakeResponse.geminiUsage)]
        for bytes in [
            Array(chunks.map { "data: \($0)\r\n\r\n" }.joined().utf8),
            Array("[\(chunks.joined(separator: "\n,\n"))]".utf8),
        ] {
            for end in 0..<bytes.count {
                let reading = try GeminiReading([Array(bytes[..<end])])
                #expect("Grüße \\ \"q\" 😀\n".hasPrefix(reading.outcome.text))
            }
            for _ in 0..<5000 {
                var changed = bytes
                changed[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                _ = try GeminiReading([changed])
            }
        }
    }
}
