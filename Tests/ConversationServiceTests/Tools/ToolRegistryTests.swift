import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import ConversationService

/// The registry of tools: names, permissions, arguments and time limits.
@Suite(.timeLimit(.minutes(5)))
struct ToolRegistryTests {
    private static let invalid = "This function either does not exist, or the parameters provided were invalid."

    private func run(
        _ tools: [any Tool],
        _ name: String,
        _ arguments: String = #"{"text":"a"}"#,
        allowed: [String]
    ) async throws -> String {
        let call = Inference.ToolCall(id: "call_1", name: name, arguments: arguments)
        return try await ToolRegistry(tools).run(call, allowed: allowed, .sample()).text
    }

    @Test(arguments: ["sample", "SAMPLE", " sample\n", "old_sample", "Old_Sample "])
    func `a tool is found by its name or alias`(name: String) async throws {
        let tool = SampleTool(aliases: ["old_sample"])
        for allowed in ["sample", "old_sample", " Sample"] {
            #expect(try await run([tool], name, allowed: [allowed]) == "done")
        }
        #expect(tool.runs.count == 3)
    }

    @Test(arguments: ["", "  ", "other", "sample2", "\u{0}sample", "sample()"])
    func `an unknown name is answered in words, without a run`(name: String) async throws {
        let tool = SampleTool()
        #expect(try await run([tool], name, allowed: ["sample", "", "other"]) == Self.invalid)
        #expect(tool.runs.isEmpty)
    }

    @Test func `a tool that is not allowed is not run`() async throws {
        let (allowed, other) = (SampleTool("allowed"), SampleTool("other", aliases: ["second"]))
        for name in ["other", "second"] {
            #expect(try await run([allowed, other], name, allowed: ["allowed"]) == Self.invalid)
            #expect(try await run([allowed, other], name, allowed: []) == Self.invalid)
        }
        #expect(other.runs.isEmpty)
    }

    @Test func `the declarations have a fixed order and OpenAI's format`() throws {
        let registry = ToolRegistry([SampleTool("b"), SampleTool("a", aliases: ["c"])])
        let both = try #require(registry.declarations(of: ["a", "B", "missing"])?.text)
        #expect(both == registry.declarations(of: ["b", "c", "a"])?.text)
        #expect(registry.declarations(of: []) == nil)
        #expect(registry.declarations(of: ["missing"]) == nil)
        #expect(
            registry.declarations(of: ["c"])?.text
                == #"[{"type":"function","function":{"name":"a","description":"A \"sample\".","parameters":"#
                + #"{"type":"object","properties":{"text":{"type":"string","description":"A text."},"#
                + #""number":{"type":"number","description":"A number."},"#
                + #""count":{"type":"integer","description":"A whole number."},"#
                + #""flag":{"type":"boolean","description":"A Boolean."}},"required":["text"]}}}]"#
        )
        let tools = try JSONSerialization.jsonObject(with: Data(both.utf8)) as? [[String: Any]]
        #expect(tools?.compactMap { ($0["function"] as? [String: Any])?["name"] as? String } == ["b", "a"])
    }

    @Test func `the first tool of a name is used`() async throws {
        let (first, second) = (SampleTool("a", aliases: ["b"]), SampleTool("b", aliases: ["a"]))
        #expect(try await run([first, second], "b", allowed: ["b"]) == "done")
        #expect(first.runs.count == 1 && second.runs.isEmpty)
    }

    @Test(
        arguments: [
            (#"{"text":"a"}"#, ["text": .text("a")]),
            (#" {"flag":true,"count":2,"number":1.5,"text":"é\n"} "#, all("é\n", 1.5, 2, true)),
            (#"{"text":3,"number":"1.5","count":" 2 ","flag":"True"}"#, all("3", 1.5, 2, true)),
            (#"{"text":true,"number":-1e3,"count":2.0,"flag":"false"}"#, all("true", -1000, 2, false)),
            (#"{"text":"a","number":null,"count":null,"flag":null}"#, ["text": .text("a")]),
            (#""{\"text\":\"a\"}""#, ["text": .text("a")]), (#"{"te\u0078t":""}"#, ["text": .text("")]),
        ] as [(String, [String: ToolArguments.Value])]
    )
    func `arguments are read as models write them`(json: String, values: [String: ToolArguments.Value]) {
        #expect(ToolArguments(json, for: SampleTool().declaration) == ToolArguments(values))
    }

    private static func all(
        _ text: String,
        _ number: Double,
        _ count: Double,
        _ flag: Bool
    ) -> [String: ToolArguments.Value] {
        ["text": .text(text), "number": .number(number), "count": .number(count), "flag": .flag(flag)]
    }

    @Test(arguments: ["", "  \n", "{}", "null", #""""#, #""{}""#, #""null""#])
    func `no text and null mean no arguments`(json: String) {
        let none = ToolDeclaration(name: "now", description: "The time.", parameters: [])
        #expect(ToolArguments(json, for: none) == ToolArguments([:]))
        #expect(ToolArguments(json, for: SampleTool().declaration) == nil)
    }

    @Test(arguments: [
        #"{"number":1}"#, #"{"text":null}"#, #"{"text":"a","extra":1}"#, #"{"text":"a","Number":1}"#,
        #"{"text":"a","number":"NaN"}"#, #"{"text":"a","number":"inf"}"#, #"{"text":"a","number":"0x10"}"#,
        #"{"text":"a","number":1e999}"#, #"{"text":"a","number":"1e999"}"#, #"{"text":"a","number":NaN}"#,
        #"{"text":"a","number":""}"#, #"{"text":"a","number":true}"#, #"{"text":"a","number":"--1"}"#,
        #"{"text":"a","count":1.5}"#, #"{"text":"a","flag":1}"#, #"{"text":"a","flag":"yes"}"#,
        #"{"text":["a"]}"#, #"{"text":{"a":1}}"#, #"{"text":"a","text":"b"}"#, #"["a"]"#, "3", "true", "not JSON",
        #"{"text":"ab"#, #"{"text":"a"} {}"#, #"{"text":"a"},"#, #""\"{\\\"text\\\":\\\"a\\\"}\"""#,
        #"{"text":"\u0000"}"#, #"{"text":"\ud800"}"#, String(repeating: "[", count: 100_000),
        #"{"text":"a","number":1"# + String(repeating: "0", count: 100_000) + "}",
        #"{"text":""# + String(repeating: "a", count: ToolArguments.byteLimit) + #""}"#,
    ])
    func `arguments that do not match the declaration are answered in words, without a run`(json: String) async throws {
        let tool = SampleTool()
        #expect(try await run([tool], "sample", json, allowed: ["sample"]) == Self.invalid)
        #expect(tool.runs.isEmpty)
    }

    @Test func `a tool that hangs is cancelled after its time limit`() async throws {
        let tool = SampleTool(timeLimit: .milliseconds(50)) { _ in
            try await Task.sleep(for: .seconds(600))
            return ToolResult(text: "late")
        }
        let fault = await #expect(throws: Fault.self) { try await run([tool], "sample", allowed: ["sample"]) }
        #expect(fault?.code == .timeout)
        #expect(fault?.message.contains("it may have had an effect") == true)
    }

    @Test func `a tool gets the earlier of the run's deadline and its own`() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        let call = Inference.ToolCall(id: "1", name: "sample", arguments: #"{"text":"a"}"#)
        let short = SampleTool(timeLimit: .seconds(5)) { use in
            ToolResult(text: use.call.deadline.map { $0 < deadline } == true ? "own" : "other")
        }
        #expect(
            try await ToolRegistry([short]).run(call, allowed: ["sample"], .sample(deadline: deadline)).text == "own"
        )
        #expect(try await ToolRegistry([short]).run(call, allowed: ["sample"], .sample()).text == "own")
        let long = SampleTool(timeLimit: .seconds(500)) { use in
            ToolResult(text: use.call.deadline == deadline ? "run" : "other")
        }
        #expect(
            try await ToolRegistry([long]).run(call, allowed: ["sample"], .sample(deadline: deadline)).text == "run"
        )
    }

    @Test func `cancelling the call cancels the tool`() async throws {
        let tool = SampleTool { _ in
            try await Task.sleep(for: .seconds(600))
            return ToolResult(text: "late")
        }
        let running = Task { try await run([tool], "sample", allowed: ["sample"]) }
        try await eventually { !tool.runs.isEmpty }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    @Test func `a fault of a tool reaches the caller`() async throws {
        let tool = SampleTool { _ in throw Fault(.unavailable, "It is closed.") }
        let fault = await #expect(throws: Fault.self) { try await run([tool], "sample", allowed: ["sample"]) }
        #expect(fault?.message == "It is closed.")
    }
}
