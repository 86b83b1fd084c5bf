import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Responses as servers really send them, byte for byte: what the caller gets, how often the server is asked, for a
/// streamed and for a complete answer.
@Suite(.timeLimit(.minutes(5))) struct UpstreamReportTests {
    private typealias Row = ReportRow

    // MARK: Tool calls

    private static let calls: [Row] = [
        Row(
            "an index that is used twice, and one without a call",
            .events(
                call(0, id: "call_A", name: "kpi", arguments: #"{\"k\":1}"#),
                call(0, id: "call_B", name: "chart", arguments: #"{\"se"#),
                call(1, arguments: #"ries\":\"x\"}"#),
                end("tool_calls")
            ),
            calls: [#"kpi {"k":1}"#, #"chart {"series":"x"}"#],
            finish: .toolCalls
        ),
        Row(
            "a name that comes after the arguments",
            .events(
                call(0, id: "call_A", arguments: #"{\"k\""#),
                call(0, name: "kpi", arguments: ":1}"),
                end("tool_calls")
            ),
            calls: [#"kpi {"k":1}"#],
            finish: .toolCalls
        ),
        Row(
            "calls of the form before tool_calls",
            .events(
                chunk(#""delta":{"role":"assistant","function_call":{"name":"kpi","arguments":""}}"#),
                chunk(#""delta":{"function_call":{"arguments":"{\"k\""}}"#),
                chunk(#""delta":{"function_call":{"arguments":":1}"}}"#),
                end("function_call")
            ),
            calls: [#"kpi {"k":1}"#],
            finish: .toolCalls
        ),
        Row(
            "a whole call of the form before tool_calls",
            .json(
                chunk(
                    #""message":{"content":null,"tool_calls":[],"function_call":{"name":"kpi","arguments":"{}"}},"#
                        + #""finish_reason":"function_call""#
                )
            ),
            calls: ["kpi {}"],
            finish: .toolCalls
        ),
        Row(
            "a call without a name beside a text",
            .events(text("Hello"), call(0, id: "call_A", name: "", arguments: "{}"), end("tool_calls")),
            text: "Hello",
            finish: .stop
        ),
        Row(
            "a call without a name alone",
            .events(call(0, id: "a", arguments: "{}"), end("tool_calls")),
            code: .provider,
            tries: 3
        ),
    ]

    // MARK: Empty texts where null is meant

    private static let empty: [Row] = [
        Row(
            "empty finish reasons, more slowly than usage may follow",
            FakeResponse.events(
                (1...10).map { chunk("\"delta\":{\"content\":\"\($0) \"},\"finish_reason\":\"\"") } + [end("stop")]
            ).lineByLine(pause: .milliseconds(300)),
            text: "1 2 3 4 5 6 7 8 9 10 ",
            finish: .stop
        ),
        Row(
            "empty finish reasons, cut off",
            FakeResponse.events((1...10).map { chunk("\"delta\":{\"content\":\"\($0) \"},\"finish_reason\":\"\"") })
                .cut(afterEvents: 5),
            text: "1 2 3 4 5 ",
            code: .cut
        ),
        Row(
            "empty texts in every member",
            .events(
                #"{"id":"","object":"","created":"","model":"","error":"","usage":"","code":"","message":"","#
                    + #""choices":[{"index":0,"delta":{"role":"","content":"Hi","refusal":"","tool_calls":"","#
                    + #""function_call":"","reasoning":"","reasoning_details":""},"logprobs":"","finish_reason":""}]}"#,
                chunk(#""delta":{"content":"","role":""},"finish_reason":"null""#),
                end("stop")
            ),
            text: "Hi",
            finish: .stop
        ),
        Row(
            "errors that say nothing",
            .events(
                #"{"error":{},"errors":[],"choices":[{"delta":{"content":"Hi"}}]}"#,
                #"{"error":{"message":"","code":"","type":null},"code":0,"choices":[{"delta":{"content":"!"}}]}"#,
                #"{"error":false,"choices":[],"base_resp":{"status_code":0,"status_msg":"success"}}"#,
                end("stop")
            ),
            text: "Hi!",
            finish: .stop
        ),
    ]

    // MARK: Content in typed parts

    private static let parts: [Row] = [
        Row(
            "thoughts as nested parts, and references",
            .events(
                chunk(#""delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Okay"}]}]}"#),
                chunk(
                    #""delta":{"content":[{"type":"reference","reference_ids":[1]},{"type":"text","text":"2"}]}"#
                ),
                end("stop")
            ),
            text: "2",
            reasoning: "Okay",
            finish: .stop
        ),
        Row(
            "parts of every kind in one list",
            .json(
                chunk(
                    #""message":{"content":["a",{"text":"b","type":"output_text","annotations":[]},"#
                        + #"{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]},{"text":" it is","#
                        + #""type":"thinking"},{"type":"image_url","image_url":{"url":"x"}},[{"type":"text","text":"#
                        + #"{"value":"c"}}]]},"finish_reason":"stop""#
                )
            ),
            text: "abc",
            reasoning: "so it is",
            finish: .stop
        ),
        Row(
            "reasoning under two names, and as details",
            .events(
                chunk(#""delta":{"reasoning":"One","reasoning_details":[{"type":"reasoning.text","text":"One"}]}"#),
                chunk(
                    #""delta":{"reasoning_details":[{"type":"reasoning.summary","summary":" two"},"#
                        + #"{"type":"reasoning.encrypted","data":"QUJD"}]}"#
                ),
                chunk(#""delta":{"reasoning_content":" three","reasoning":" three"}"#),
                chunk(#""delta":{"thinking":" four"}"#),
                chunk(#""delta":{"thinking_blocks":[{"type":"thinking","thinking":" five","signature":"x"}]}"#),
                text("<think>kept</think>"),
                end("stop")
            ),
            text: "<think>kept</think>",
            reasoning: "One two three four five",
            finish: .stop
        ),
    ]

    // MARK: Bytes before labels

    private static let bytes: [Row] = {
        let stream = "data: \(text("Hel"))\n\ndata: \(text("lo"))\n\ndata: \(end("stop"))\n\ndata: [DONE]\n\n"
        let whole = chunk(#""message":{"role":"assistant","content":"Hello"},"finish_reason":"stop""#)
        let pretty = whole.replacing(",", with: ",\n\n  ").replacing("{", with: "{\n  ").replacing("}", with: "\n}")
        let lines = [text("Hel"), text("lo"), end("stop")]
        let bodies = [
            stream, stream.replacing("\n", with: "\r\n"), whole, whole + "\n", pretty, "\u{FEFF}" + whole, "[\(whole)]",
            lines.joined(separator: "\n") + "\n", lines.joined(separator: "\n"),
            "\n[\(lines.joined(separator: ",\n"))]\n",
            lines.joined(separator: "\n") + "\n[DONE]\n",
            lines.map { "data: \($0)\n" }.joined() + "data: [DONE]\n\n", "data: \(whole)\n\n",
            stream.replacing("[DONE]", with: "[done] "),
        ]
        let types = [
            "text/plain", "Text/Event-Stream; charset=utf-8", "application/json", "text/event-stream", "text/html",
            "application/octet-stream", nil,
        ]
        return bodies.enumerated().flatMap { number, body in
            types.map { type in
                Row("body \(number) as \(type ?? "nothing")", .labelled(body, type), text: "Hello", finish: .stop)
            }
        }
    }()

    // MARK: Choices

    private static let choices: [Row] = [
        Row(
            "two choices in one stream",
            .events(
                #"{"choices":[{"index":1,"delta":{"content":"no"}},{"delta":{"content":"ye"},"index":0}]}"#,
                #"{"choices":[{"index":1,"delta":{"content":"NO"},"finish_reason":"length"}]}"#,
                #"{"choices":[{"delta":{"content":"s"},"index":0},{"index":1,"delta":{"content":"no"}}]}"#,
                end("stop")
            ),
            text: "yes",
            finish: .stop
        ),
        Row(
            "two choices in one answer, in another order",
            .json(
                #"{"choices":[{"message":{"content":"no"},"finish_reason":"length","index":1},"#
                    + #"{"message":{"content":"yes"},"finish_reason":"stop","index":0}]}"#
            ),
            text: "yes",
            finish: .stop
        ),
    ]

    // MARK: Ends

    private static let ends: [Row] = [
        Row(
            "a finish reason before anything was said, and a pause",
            FakeResponse.events(end("stop"), end("stop"), text("Hello"), end("stop"))
                .lineByLine(pause: .milliseconds(1200)),
            text: "Hello",
            finish: .stop
        ),
        Row("only a finish reason", .events(end("stop")), code: .provider),
        Row("only a finish reason that says why", .events(end("length")), finish: .length),
        Row("a mark of the end without a reason", .events(text("Hello")), text: "Hello", finish: .stop),
        Row("a mark of the end without anything", .events(#"{"choices":[]}"#), code: .cut, tries: 3),
        Row("no mark of the end", .events([text("Hello")], isDone: false), text: "Hello", code: .cut),
        Row(
            "garbage after the end",
            .events([text("Hello"), end("stop"), "{nonsense", "more"], isDone: false),
            text: "Hello",
            finish: .stop
        ),
        Row(
            "an error after the end",
            .events([text("Hello"), end("stop"), #"{"error":{"message":"Late.","code":500}}"#], isDone: false),
            text: "Hello",
            finish: .stop
        ),
        Row(
            "a broken connection after the end",
            FakeResponse.events([text("Hello"), end("stop"), text("")], isDone: false).cut(afterEvents: 2),
            text: "Hello",
            finish: .stop
        ),
        Row(
            "a finish reason of a failure",
            .events(text("Hel"), chunk(#""delta":{},"finish_reason":"error""#)),
            text: "Hel",
            code: .provider
        ),
    ]

    @Test(arguments: calls + empty + parts + choices + ends)
    func `an answer is what the server meant`(_ row: ReportRow) async throws {
        try await row.check()
    }

    @Test(arguments: bytes)
    func `the bytes count, not the label`(_ row: ReportRow) async throws {
        try await row.check()
    }

    // MARK: Chunks

    static func chunk(_ choice: String) -> String {
        #"{"id":"x1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"# + choice + "}]}"
    }

    static func text(_ text: String) -> String { chunk("\"delta\":{\"content\":\(text.inJSON)}") }

    static func end(_ reason: String) -> String { chunk("\"delta\":{},\"finish_reason\":\"\(reason)\"") }

    private static func call(_ index: Int, id: String? = nil, name: String? = nil, arguments: String) -> String {
        let id = id.map { "\"id\":\"\($0)\",\"type\":\"function\"," } ?? ""
        let name = name.map { "\"name\":\"\($0)\"," } ?? ""
        return chunk(
            "\"delta\":{\"tool_calls\":[{\"index\":\(index),\(id)\"function\":{\(name)\"arguments\":\"\(arguments)\"}}]}"
        )
    }
}
