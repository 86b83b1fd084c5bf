import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Anthropic's documented streams, and streams that differ from them.
@Suite(.timeLimit(.minutes(5))) struct AnthropicDecoderTests {
    private typealias Event = FakeAnthropicEvent
    private typealias Part = Inference.AnswerPart

    /// Thinking, hidden thinking, text and two calls, as in the documentation.
    static let rich = Event.stream(
        [.start(inputTokens: 472), .ping],
        Event.thinking(0, ["Let me ", "think. ", "你好"], signature: "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"),
        Event.redacted(1, "EmwKAhgBEgy3va3pzix/LafPsn4a"),
        Event.text(2, ["Okay", ", let's check", "."]),
        Event.call(3, id: "toolu_01T1x1fJ34qAmk2tNTrN7Up6", "get_weather", #"{"location": "Zürich", "n": 1}"#),
        [.ping],
        Event.call(4, id: "toolu_02T1x1fJ34qAmk2tNTrN7Up6", "now", "{}"),
        [.end("tool_use", outputTokens: 89), .stop]
    )

    static func checkRich(_ answer: Inference.Answer?) throws {
        let answer = try #require(answer)
        #expect(answer.text == "Okay, let's check." && answer.reasoning == "Let me think. 你好")
        #expect(
            answer.toolCalls == [
                Inference.ToolCall(
                    id: "toolu_01T1x1fJ34qAmk2tNTrN7Up6",
                    name: "get_weather",
                    arguments: #"{"location": "Zürich", "n": 1}"#
                ), Inference.ToolCall(id: "toolu_02T1x1fJ34qAmk2tNTrN7Up6", name: "now", arguments: "{}"),
            ]
        )
        #expect(answer.finish.reason == .toolCalls && answer.finish.model == "anthropic/claude-sonnet-4-5")
        #expect(answer.finish.usage?.promptTokens == 472 && answer.finish.usage?.completionTokens == 89)
        #expect(
            answer.parts == [
                Part(
                    kind: .reasoning,
                    bytes: 20,
                    metadata: AnthropicSignature.signature("EqQBCgIYAhIM1gbcDa9GJwZA2b3h").metadata
                ),
                Part(kind: .reasoning, metadata: AnthropicSignature.redacted("EmwKAhgBEgy3va3pzix/LafPsn4a").metadata),
                Part(kind: .text, bytes: 18), Part(kind: .toolCall), Part(kind: .toolCall),
            ]
        )
    }

    @Test func `thinking, hidden thinking, text and parallel calls keep their order`() throws {
        try Self.checkRich(AnthropicReading(Self.rich).answer)
    }

    @Test func `a stream that is cut into reads anywhere is the same answer`() throws {
        let bytes = Array(Self.rich.map(\.frame).joined().utf8)
        for offset in 1..<bytes.count {
            try Self.checkRich(AnthropicReading([Array(bytes[..<offset]), Array(bytes[offset...])]).answer)
        }
        try Self.checkRich(AnthropicReading(bytes.map { [$0] }).answer)
    }

    @Test func `a stream that ends anywhere is complete or broken off, never something else`() {
        let bytes = Array(Self.rich.map(\.frame).joined().utf8)
        let text = String(decoding: bytes, as: UTF8.self)
        let reason = text.firstRange(of: "\"stop_reason\":\"")?.lowerBound
        let needed = reason.map { text[..<$0].utf8.count } ?? 0
        for count in 0..<bytes.count {
            let reading = AnthropicReading([Array(bytes[..<count])])
            #expect(reading.answer == nil || count > needed, "Cut after \(count).")
            if reading.answer == nil {
                #expect(reading.error == nil || reading.error?.cause == .unreadable, "Cut after \(count).")
            } else {
                #expect(reading.answer?.finish.reason == .toolCalls)
            }
        }
    }

    @Test func `thinking between tool calls stays between them`() {
        let events = Event.stream(
            [.start()],
            Event.thinking(0, ["One"], signature: "s1"),
            Event.call(1, id: "a", "f", "{}"),
            Event.thinking(2, ["Two"], signature: "s2"),
            Event.text(3, ["Now"]),
            Event.call(4, id: "b", "g", #"{"x":1}"#),
            [.end("tool_use"), .stop]
        )
        let reading = AnthropicReading(events)
        #expect(
            reading.answer?.parts == [
                Part(kind: .reasoning, bytes: 3, metadata: AnthropicSignature.signature("s1").metadata),
                Part(kind: .toolCall),
                Part(kind: .reasoning, bytes: 3, metadata: AnthropicSignature.signature("s2").metadata),
                Part(kind: .text, bytes: 3), Part(kind: .toolCall),
            ]
        )
    }

    @Test func `a text alone needs no parts, and numbers only its first event`() {
        let pieces = ["Hello", " there", "."]
        let frames = Event.stream([.start()], Event.text(0, pieces), [.end("end_turn"), .stop]).map {
            Array($0.frame.utf8)
        }
        let reading = AnthropicReading(frames)
        #expect(reading.answer?.text == "Hello there." && reading.answer?.parts == nil)
        #expect(reading.events.map(\.part) == [0, nil, nil, nil])
        #expect(reading.answer?.finish.reason == .stop)
    }

    @Test(arguments: [
        ("end_turn", Inference.Finish.Reason.stop), ("stop_sequence", .stop), ("pause_turn", .stop),
        ("a_new_reason", .stop), ("max_tokens", .length), ("model_context_window_exceeded", .length),
        ("refusal", .contentFilter), ("tool_use", .stop),
    ])
    func `stop reasons`(_ reason: String, _ expected: Inference.Finish.Reason) {
        let reading = AnthropicReading(Event.stream([.start()], Event.text(0, ["Hi"]), [.end(reason), .stop]))
        #expect(reading.answer?.finish.reason == expected && reading.text == "Hi")
    }

    @Test func `a refusal without text has its explanation`() {
        let end = Event(
            "message_delta",
            #""delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":"bio","explanation":"No."}},"usage":{"output_tokens":3}"#
        )
        let reading = AnthropicReading([.start(), end, .stop])
        #expect(reading.answer?.refusal == "No." && reading.answer?.finish.reason == .contentFilter)
        #expect(AnthropicReading([.start(), .end("refusal"), .stop]).answer?.finish.reason == .contentFilter)
    }

    @Test func `an end without content is no answer, except for a limit`() {
        #expect(AnthropicReading([.start(), .end("end_turn"), .stop]).error?.cause == .empty)
        let thought = Event.stream([.start()], Event.thinking(0, ["Hm"], signature: "s"))
        #expect(AnthropicReading(Event.stream(thought, [.end("end_turn"), .stop])).error?.cause == .empty)
        #expect(AnthropicReading(Event.stream(thought, [.end("max_tokens"), .stop])).answer?.finish.reason == .length)
    }

    @Test func `an end without message_stop, and one without a reason, are decided`() {
        let text = Event.stream([.start()], Event.text(0, ["Hi"]))
        #expect(AnthropicReading(Event.stream(text, [.end("max_tokens")])).answer?.finish.reason == .length)
        #expect(AnthropicReading(Event.stream(text, [.stop])).answer?.finish.reason == .stop)
        #expect(AnthropicReading(text).answer == nil)
        let empty = Event("message_delta", #""delta":{"stop_reason":"","stop_sequence":null}"#)
        #expect(AnthropicReading(Event.stream(text, [empty])).answer == nil)
    }

    @Test func `unknown events, blocks and deltas, blocks of server tools and citations are skipped`() {
        let events: [Event] =
            [
                .start(), Event("something_new", #""content":[{"type":"text","text":"no"}]"#),
                .blockStart(0, #"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}"#),
                .delta(0, #"{"type":"input_json_delta","partial_json":"{\"query\":1}"}"#), .blockStop(0),
                .blockStart(1, #"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}"#),
                .blockStop(1), .blockStart(2, #"{"type":"a_new_block","text":"no"}"#),
                .delta(2, #"{"type":"text_delta","text":"no"}"#), .blockStop(2),
                .blockStart(3, #"{"type":"text","text":"He","citations":[]}"#),
                .delta(3, #"{"type":"citations_delta","citation":{"type":"char_location","cited_text":"no"}}"#),
                .delta(3, #"{"type":"a_new_delta","value":"no"}"#), .textDelta(3, "llo"), .blockStop(3),
                .end("end_turn"), .stop,
            ]
        let reading = AnthropicReading(events)
        #expect(reading.answer?.text == "Hello" && reading.answer?.toolCalls == nil)
        #expect(reading.answer?.finish.reason == .stop)
    }

    @Test func `a whole message instead of a stream is the answer`() throws {
        let content = [
            #"{"type":"thinking","thinking":"Let me think. 你好","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}"#,
            #"{"type":"redacted_thinking","data":"EmwKAhgBEgy3va3pzix/LafPsn4a"}"#,
            #"{"type":"text","text":"Okay, let's check."}"#,
            #"{"type":"tool_use","id":"toolu_01T1x1fJ34qAmk2tNTrN7Up6","name":"get_weather","input":{"location": "Zürich", "n": 1}}"#,
            #"{"type":"tool_use","id":"toolu_02T1x1fJ34qAmk2tNTrN7Up6","name":"now","input":{}}"#,
        ]
        let body = Event.message(content: content, reason: "\"tool_use\"", inputTokens: 472, outputTokens: 89)
        for text in [body, body + "\n", body.replacing(",\"content\"", with: ",\n  \"content\"")] {
            try Self.checkRich(AnthropicReading(text).answer)
        }
        for count in 0..<body.utf8.count {
            #expect(AnthropicReading([Array(body.utf8.prefix(count))]).answer == nil)
        }
    }

    @Test func `usage is the whole prompt, with its cached part, and cumulative`() throws {
        let start = Event(
            "message_start",
            #""message":{"id":"m","usage":{"input_tokens":10,"cache_creation_input_tokens":200,"cache_read_input_tokens":3000,"output_tokens":1}}"#
        )
        let end = Event(
            "message_delta",
            #""delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":null,"cache_read_input_tokens":3000,"output_tokens":55,"output_tokens_details":{"thinking_tokens":40}}"#
        )
        let middle = Event("message_delta", #""delta":{},"usage":{"output_tokens":20}"#)
        let usage = try #require(
            AnthropicReading(Event.stream([start], Event.text(0, ["Hi"]), [middle, end, .stop])).answer?.finish.usage
        )
        #expect(usage.promptTokens == 3210 && usage.cachedTokens == 3000)
        #expect(usage.completionTokens == 55 && usage.reasoningTokens == 40 && !usage.isEstimated)
    }

    @Test(arguments: [
        #"{"input_tokens":0,"output_tokens":0}"#, #"{"input_tokens":5,"output_tokens":-3}"#, #"{"output_tokens":7}"#,
        #"{"input_tokens":5,"output_tokens":99999999999}"#, "null", #""many""#,
    ])
    func `impossible counts are not believed`(_ usage: String) {
        let end = Event("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":\(usage)")
        let reading = AnthropicReading(Event.stream(Event.text(0, ["Hi"]), [end, .stop]))
        #expect(reading.answer?.text == "Hi" && reading.answer?.finish.usage == nil)
    }

    @Test(arguments: [
        ("overloaded_error", "Overloaded", Cause.overloaded), ("rate_limit_error", "Too many tokens", .limited),
        ("invalid_request_error", "messages: bad", .rejected),
        ("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", .contextTooLong),
        ("invalid_request_error", "Your credit balance is too low to access the Anthropic API.", .spent),
        ("invalid_request_error", "You have reached your specified API usage limits.", .spent),
        ("authentication_error", "invalid x-api-key", .credential), ("permission_error", "No.", .credential),
        ("billing_error", "Pay.", .spent), ("not_found_error", "model: claude-9", .modelMissing),
        ("request_too_large", "Too large", .tooLarge), ("api_error", "Internal server error", .failed),
        ("timeout_error", "Timed out", .overloaded), ("an_error_of_the_future", "Hm", .failed),
    ])
    func `errors before and after text`(_ type: String, _ message: String, _ cause: Cause) {
        let first = AnthropicReading([.start(), .ping, .error(type, message)])
        #expect(first.error?.cause == cause && first.events.isEmpty)
        let later = AnthropicReading(Event.stream([.start()], Event.text(0, ["Hi"]), [.error(type, message)]))
        #expect(later.error?.cause == cause && later.text == "Hi" && later.answer == nil)
        let whole = AnthropicReading(
            "{\"type\":\"error\",\"error\":{\"type\":\"\(type)\",\"message\":\"\(message)\"}}\n"
        )
        #expect(whole.error?.cause == cause)
        let bare = AnthropicReading("event: error\ndata: {\"type\":\"error\",\"error\":\"\(message)\"}\n\n")
        #expect(bare.error != nil && bare.answer == nil)
    }

    @Test func `a call without a name, and too many blocks, fail`() {
        let nameless = Event.blockStart(0, #"{"type":"tool_use","id":"a","input":{}}"#)
        #expect(AnthropicReading([.start(), nameless]).error?.cause == .modelFailed)
        let many = (0..<5000).flatMap { Event.text($0, ["a"]) }
        #expect(AnthropicReading(Event.stream([.start()], many)).error?.cause == .unreadable)
    }

    @Test func `ids that are missing or repeated are replaced, and names are the client's`() {
        let events = Event.stream(
            [.start()],
            Event.call(0, id: "", "f", "{}"),
            Event.call(1, id: "x", "f", "{}"),
            Event.call(2, id: "x", "f", "{}"),
            [.end("tool_use"), .stop]
        )
        let ids = AnthropicReading(events).answer?.toolCalls?.map(\.id) ?? []
        #expect(ids.count == 3 && Set(ids).count == 3 && ids[1] == "x")
    }

    @Test func `hostile events do not trap`() {
        let index = Int.max
        let hostile: [Event] = [
            .delta(-1, #"{"type":"text_delta","text":"a"}"#), .delta(index, #"{"type":"text_delta","text":"b"}"#),
            .blockStop(99), .blockStart(index, #"{"type":"text","text":"c"}"#), .delta(7, "null"), .delta(8, "[1]"),
            Event("content_block_delta", #""index":"x","delta":{"type":"text_delta","text":"d"}"#),
            Event("content_block_start", #""index":0,"content_block":17"#), Event("message_delta", #""delta":null"#),
            Event("message_start", #""message":[]"#),
        ]
        let reading = AnthropicReading(Event.stream(hostile, [.end("end_turn"), .stop]))
        #expect(reading.error == nil && reading.answer?.text?.hasPrefix("ab") == true)
        #expect(AnthropicReading("data: {\"type\":\"content_block_delta\",\n\n").error?.cause == .unreadable)
        #expect(AnthropicReading("data: [DONE]\n\n").answer == nil)
    }
}
