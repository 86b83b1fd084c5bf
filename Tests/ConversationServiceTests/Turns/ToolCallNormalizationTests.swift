import Contracts
import Testing

@testable import ConversationService

/// Which form calls have when they are stored, and which of them are run.
struct ToolCallNormalizationTests {
    private typealias Call = Inference.ToolCall

    private func normalized(
        _ calls: Call...,
        reason: Inference.Finish.Reason = .toolCalls
    ) -> [ToolCallNormalization.Call] {
        ToolCallNormalization.calls(calls, endedBy: reason)
    }

    @Test func `a valid call stays as it is`() {
        let call = Call(id: "functions.add:0", name: "add", arguments: #"{ "a" : 1 }"#, metadata: RawJSON("{}"))
        #expect(normalized(call) == [.init(call: call)])
    }

    @Test(arguments: [
        (["a", "a"], ["a", "call_1"]), (["", ""], ["call_0", "call_1"]), (["", "call_0"], ["call_2", "call_0"]),
        (["call_1", "call_1"], ["call_1", "call_3"]), (["a b", "ü", "\n"], ["call_0", "call_1", "call_2"]),
        ([String(repeating: "x", count: 41)], ["call_0"]),
        ([String(repeating: "x", count: 40)], [String(repeating: "x", count: 40)]),
    ])
    func `identifiers are unique within an answer`(ids: [String], expected: [String]) {
        let calls = ids.map { Call(id: $0, name: "f", arguments: "{}") }
        #expect(ToolCallNormalization.calls(calls, endedBy: .toolCalls).map(\.call.id) == expected)
    }

    @Test(arguments: [
        ("add", "add", true), (" add\n", "add", true), ("", "unknown", false), ("  ", "unknown", false),
        ("функция", "unknown", false), ("get weather", "get_weather", false), ("functions.add", "functions_add", false),
        ("1st", "_1st", false), ("-x", "_-x", false), ("a\0b", "a_b", false),
        (String(repeating: "n", count: 65), String(repeating: "n", count: 64), false),
        ("9" + String(repeating: "n", count: 64), "_9" + String(repeating: "n", count: 62), false),
    ])
    func `a name that providers reject is replaced, and its call is not run`(
        name: String,
        expected: String,
        isRun: Bool
    ) {
        let call = normalized(Call(id: "a", name: name, arguments: "{}"))[0]
        #expect(call.call.function.name == expected)
        #expect(call.defect == (isRun ? nil : .invalid))
    }

    @Test(arguments: [
        ("", "{}"), (" \n", "{}"), ("null", "{}"), (" null ", "{}"), (#""""#, "{}"), (#""null""#, "{}"),
        (#""{\"a\":1}""#, #"{"a":1}"#), (#""\"{\\\"a\\\":1}\"""#, #"{"a":1}"#), (#" {"a":1} "#, #"{"a":1}"#),
        (#"{"a":"x\u0000y"}"#, #"{"a":"x\ufffdy"}"#), (#"{"a":"\ud83d"}"#, #"{"a":"\ufffd"}"#),
        (#"{"a":"\ud83d\ude00"}"#, #"{"a":"\ud83d\ude00"}"#), (#"{"a":"\\u0000"}"#, #"{"a":"\\u0000"}"#),
    ])
    func `arguments become an object that is run`(arguments: String, expected: String) {
        let call = normalized(Call(id: "a", name: "f", arguments: arguments))[0]
        #expect(call.call.function.arguments == expected)
        #expect(call.defect == nil)
    }

    @Test(arguments: [
        (#"{"a":"#, #"{"unparsed":"{\"a\":"}"#), ("[1]", #"{"unparsed":"[1]"}"#), ("7", #"{"unparsed":"7"}"#),
        ("Paris", #"{"unparsed":"Paris"}"#), (#"{"a":1} {"b":2}"#, #"{"unparsed":"{\"a\":1} {\"b\":2}"}"#),
        ("a\0b", "{\"unparsed\":\"a\u{FFFD}b\"}"), (#""\"\\\"\\\\\\\"x\\\\\\\"\\\"\"""#, nil),
        (String(repeating: "[", count: 100), nil), ("{\"a\":" + String(repeating: "[", count: 99), nil),
    ])
    func `other arguments are kept as text, and their call is not run`(arguments: String, expected: String?) {
        let call = normalized(Call(id: "a", name: "f", arguments: arguments))[0]
        if let expected { #expect(call.call.function.arguments == expected) }
        #expect(ReplayablePrompt.isObject(call.call.function.arguments))
        #expect(call.defect == .invalid)
    }

    @Test func `arguments that are too large are cut and not run`() {
        let text = #"{"a":"\#(String(repeating: "x", count: NormalizedArguments.byteLimit))"}"#
        let call = normalized(Call(id: "a", name: "f", arguments: text))[0]
        #expect(call.defect == .tooLarge && call.call.function.arguments.utf8.count < 5000)
        #expect(ReplayablePrompt.isObject(call.call.function.arguments))
    }

    @Test func `only the last call of an answer that reached its length can be incomplete`() {
        let complete = Call(id: "b", name: "f", arguments: #"{"a":1}"#)
        let empty = Call(id: "a", name: "f", arguments: "")
        let part = Call(id: "c", name: "f", arguments: #"{"t":"ab"#)
        #expect(normalized(empty, part, reason: .length).map(\.defect) == [nil, .cut])
        #expect(normalized(part, empty, reason: .length).map(\.defect) == [.invalid, .cut])
        #expect(normalized(empty, complete, reason: .length).map(\.defect) == [nil, nil])
        #expect(normalized(empty, part, reason: .contentFilter).map(\.defect) == [nil, .cut])
        #expect(normalized(empty, part, reason: .stop).map(\.defect) == [nil, .invalid])
    }

    @Test func `calls beyond the limit are dropped`() {
        let calls = (0..<100).map { Call(id: "\($0)", name: "f", arguments: "{}") }
        let kept = ToolCallNormalization.calls(calls, endedBy: .toolCalls)
        #expect(kept.map(\.call) == Array(calls.prefix(ToolCallNormalization.callLimit)))
    }

    /// Random calls, made of pieces that break rules.
    @Test func `whatever a model calls can be sent back, and normalising it again changes nothing`() {
        let pieces = [
            "", " ", "a", "f", "{", "}", "\"", "\\", "\\u0000", "\\ud800", "null", "[", "]", ":", ",", "1", "{\"a\":1}",
            "\0", "\u{1}", "ü", "😀", "call_0", "call_1", "unknown", "_", "-", "\n", #"\""#, #""{\"a\":1}""#,
        ]
        var generator = SystemRandomNumberGenerator()
        func text(_ most: Int) -> String {
            (0..<Int.random(in: 0...most, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
                .joined()
        }
        for _ in 0..<2000 {
            let calls = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                Call(id: text(2), name: text(3), arguments: text(8))
            }
            let result = ToolCallNormalization.calls(calls, endedBy: [.length, .stop].randomElement(using: &generator))
            #expect(result.count == calls.count)
            let stored = result.map(\.call)
            let answer = Inference.Message(role: .assistant, content: nil, toolCalls: stored)
            let results = stored.map { call in
                Inference.Message(role: .tool, content: .text("ok"), toolCallID: call.id)
            }
            ReplayablePrompt.check([answer] + results)
            #expect(ToolCallNormalization.calls(stored, endedBy: .stop).map(\.call) == stored)
        }
    }
}
