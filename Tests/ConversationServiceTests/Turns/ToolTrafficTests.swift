import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Tool calls and results as models and tools really send them: each is answered to the model in words, stored in a form
/// that every provider accepts, and bounded.
@Suite(.timeLimit(.minutes(5)))
struct ToolTrafficTests {
    private typealias Call = Inference.ToolCall

    private static let answer: [ScriptedInference.Step] = [.text("Warm."), .finish]

    /// The calls of one answer, and their expected results.
    struct Traffic: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var calls: [Inference.ToolCall]
        var reason = Inference.Finish.Reason.toolCalls
        /// The arguments of the calls that are run.
        var effects: [String]
        /// A part of the result of each call.
        var results: [String]

        init(
            _ name: String,
            _ calls: [(id: String, name: String, arguments: String)],
            effects: [String],
            _ results: String...
        ) {
            testDescription = name
            self.calls = calls.map { Inference.ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
            (self.effects, self.results) = (effects, results)
        }
    }

    private static let refused = "either does not exist, or the parameters provided were invalid."

    @Test(arguments: [
        Traffic(
            "two calls with one id",
            [("c", "weather", #"{"city":"a"}"#), ("c", "weather", #"{"city":"b"}"#)],
            effects: [#"{"city":"a"}"#, #"{"city":"b"}"#],
            #"18 degrees in {"city":"a"}"#,
            #"18 degrees in {"city":"b"}"#
        ),
        Traffic(
            "no id",
            [("", "weather", #"{"city":"a"}"#), ("", "weather", #"{"city":"b"}"#)],
            effects: [#"{"city":"a"}"#, #"{"city":"b"}"#],
            "18 degrees",
            "18 degrees"
        ),
        Traffic(
            "an empty name beside a good call",
            [("a", "", "{}"), ("b", "weather", "{}"), ("c", "  ", "{}")],
            effects: ["{}"],
            refused,
            "18 degrees",
            refused
        ),
        Traffic("an unknown name", [("a", "launch", "{}")], effects: [], refused),
        Traffic("a name with other characters", [("a", "get weather!", "{}")], effects: [], refused),
        Traffic(
            "no JSON",
            [("a", "weather", "city=Paris"), ("b", "weather", "{'city':1}")],
            effects: [],
            refused,
            refused
        ),
        Traffic("no object", [("a", "weather", "[1]"), ("b", "weather", "\"x\"")], effects: [], refused, refused),
        Traffic(
            "encoded twice",
            [("a", "weather", #""{\"city\":\"a\"}""#)],
            effects: [#"{"city":"a"}"#],
            "18 degrees"
        ),
        Traffic(
            "empty and null",
            [("a", "weather", ""), ("b", "weather", "null")],
            effects: ["{}", "{}"],
            "18",
            "18"
        ),
        Traffic(
            "NUL and half a surrogate pair",
            [("a", "weather", #"{"city":"a\u0000\ud83d"}"#)],
            effects: [#"{"city":"a\ufffd\ufffd"}"#],
            "18 degrees"
        ),
    ])
    func `broken calls`(traffic: Traffic) async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let script = ScriptedInference.calls(traffic.calls, reason: traffic.reason)
                let (end, steps, conversation, run) = try await testbed.ask([script, Self.answer])
                #expect(end.status == .completed && end.assistantMessage?.content.text == "Warm.")
                #expect(testbed.tool.effects.map(\.function.arguments) == traffic.effects)
                let results = steps.filter { $0.role == .tool }
                #expect(results.count == traffic.results.count)
                for (result, expected) in zip(results, traffic.results) {
                    #expect(result.content.text.contains(expected))
                }
                // The model is asked again with all of it.
                let asked = try #require(testbed.inference.requests.last)
                ReplayablePrompt.check(asked.messages)
                #expect(asked.messages.suffix(results.count).map(\.text) == results.map(\.content.text))
                #expect(try await testbed.goOn(in: conversation).count { $0.role == .tool } == results.count)
                let lines = try await testbed.lines(of: run, in: conversation)
                #expect(try await testbed.lines(of: run, in: conversation) == lines)
            }
        }
    }

    @Test func `arguments that the length of the answer cut are not run, and the conversation goes on`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let calls = [
                    Call(id: "c1", name: "weather", arguments: ""),
                    Call(id: "c2", name: "weather", arguments: #"{"t":"ab"#),
                ]
                let script = ScriptedInference.calls(calls, reason: .length)
                let (end, steps, conversation, _) = try await testbed.ask([script, Self.answer])
                #expect(end.status == .completed)
                #expect(testbed.tool.effects.map(\.id) == ["c1"])
                #expect(steps[2].content.text.contains("maximum length"))
                #expect(try await testbed.goOn(in: conversation).count { $0.role == .tool } == 2)
            }
        }
    }

    @Test(arguments: [40, 70]) func `of many calls in one answer sixteen are run`(count: Int) async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let calls = (0..<count).map { Call(id: "\($0)", name: "weather", arguments: "{\"n\":\($0)}") }
                let (end, steps, conversation, _) = try await testbed.ask([ScriptedInference.calls(calls), Self.answer])
                #expect(end.status == .completed)
                #expect(testbed.tool.effects.map(\.id) == (0..<16).map { "\($0)" })
                let results = steps.filter { $0.role == .tool }.map(\.content.text)
                #expect(results.count == min(count, 64))
                #expect(results.dropFirst(16).allSatisfy { $0.contains("at most 16 calls of one answer") })
                _ = try await testbed.goOn(in: conversation)
            }
        }
    }

    @Test func `eight answers with too many calls leave room for the answer on the path`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let rounds = (0..<8).map { round in
                    ScriptedInference.calls(
                        (0..<100).map { Call(id: "\($0)", name: "weather", arguments: "{\"n\":\(round * 100 + $0)}") }
                    )
                }
                let (end, steps, conversation, _) = try await testbed.ask(rounds + [Self.answer], window: 200_000)
                #expect(end.status == .completed && end.assistantMessage?.content.text == "Warm.")
                #expect(steps.count == 8 * 65 + 1 && testbed.tool.effects.count == 8 * 16)
                #expect(testbed.inference.requests.last?.messages.contains { $0.text == "How is it?" } == true)
                _ = try await testbed.goOn(in: conversation)
            }
        }
    }

    @Test func `a result of five megabytes is cut to the window, with its beginning and its end`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let log = (1...430_000).map { "line \($0)\n" }.joined()
                testbed.tool.answer { _ in ToolResult(text: log) }
                let (end, steps, conversation, _) = try await testbed.ask([ScriptedInference.calling("a"), Self.answer])
                #expect(end.status == .completed)
                let result = steps[1].content.text
                #expect(result.utf8.count < 8192 * 3 / 2 && result.utf8.count > 4000)
                #expect(result.hasPrefix("line 1\nline 2\n") && result.hasSuffix("line 430000\n"))
                #expect(result.contains("bytes are missing here"))
                #expect(Self.promptTokens(testbed) < 8192 - 1024)
                _ = try await testbed.goOn(in: conversation)
            }
        }
    }

    @Test func `results whose sum exceeds the window are cut evenly, in every round`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                testbed.tool.answer { call in
                    ToolResult(text: "\(call.id): " + String(repeating: "word ", count: 3600))
                }
                let scripts = (0..<8).map { round in
                    ScriptedInference.calling("\(round)a", "\(round)b", "\(round)c", "\(round)d")
                }
                let (end, steps, conversation, _) = try await testbed.ask(scripts + [Self.answer])
                #expect(end.status == .completed)
                #expect(testbed.tool.effects.count == 32)
                let results = steps.filter { $0.role == .tool }.map(\.content.text)
                #expect(results.prefix(4).allSatisfy { (1000...2000).contains($0.utf8.count) })
                #expect(results.allSatisfy { $0.contains("bytes are missing here") && $0.utf8.count >= 200 })
                // The question and the last round are there.
                for request in testbed.inference.requests {
                    ReplayablePrompt.check(request.messages)
                    #expect(request.messages.contains { $0.text == "How is it?" })
                }
                #expect(testbed.inference.requests.last?.messages.last?.toolCallID == "7d")
                #expect(Self.promptTokens(testbed) <= 8192)
                _ = try await testbed.goOn(in: conversation)
            }
        }
    }

    @Test func `control characters and nothing at all are results that can be stored and sent`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                testbed.tool.answer { call in ToolResult(text: call.id == "a" ? "18\0°\u{1B}[1m\r\nC" : "") }
                let (end, steps, conversation, _) = try await testbed.ask([
                    ScriptedInference.calling("a", "b"), Self.answer,
                ])
                #expect(end.status == .completed)
                #expect(steps[1].content.text == "18\u{FFFD}°\u{FFFD}[1m\r\nC")
                #expect(steps[2].content.text == "The tool returned nothing.")
                _ = try await testbed.goOn(in: conversation)
            }
        }
    }

    private static func promptTokens(_ testbed: TurnTestbed) -> Int {
        (testbed.inference.requests.last?.messages ?? []).reduce(0) {
            $0 + TokenEstimate.tokens(in: $1.text) + TokenEstimate.tokens(of: $1.toolCalls)
        }
    }
}
