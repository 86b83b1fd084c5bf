import Bus
import Contracts
import Foundation
import NIOCore
import Testing

@testable import InferenceService

/// Tools, response formats and images of the demo model.
@Suite struct DemoToolTests {
    private static let weather = """
        {"type":"function","function":{"name":"get_current_weather","description":"Tells the weather of a place.",\
        "parameters":{"type":"object","properties":{"location":{"type":"string"},"days":{"type":"integer","minimum":1},\
        "unit":{"type":"string","enum":["celsius","fahrenheit"]},"hourly":{"type":"boolean"},"note":{"type":"string"}},\
        "required":["location","days","unit","hourly"]}}}
        """
    private static let memory = """
        {"type":"function","function":{"name":"create_memory","description":"Keeps what the user wants to be remembered.",\
        "parameters":{"type":"object","properties":{"memory_text":{"type":"string"}},"required":["memory_text"]}}}
        """
    private static let clock = #"{"type":"function","function":{"name":"getTime"}}"#
    private static let all = "[\(weather),\(memory),\(clock)]"

    private func turn(
        _ text: String,
        tools: String = all,
        choice: String? = nil,
        format: String? = nil,
        after: [Inference.Message] = []
    ) throws -> DemoResponse {
        let messages = [Inference.Message(role: .user, content: text)] + after
        var prompt = Prompt(model: "demo", messages: ByteBuffer())
        prompt.plan = try ToolPlan(
            tools: ByteBuffer(string: tools),
            choice: choice.map { ByteBuffer(string: $0) },
            format: format.map { ByteBuffer(string: $0) }
        )
        return try DemoResponse(prompt, messages)
    }

    /// The name and the arguments of a call; `nil` for a text.
    private func call(_ turn: DemoResponse) -> [String]? {
        guard case .call(_, let name, let arguments) = turn else { return nil }
        return [name, arguments]
    }

    @Test(arguments: [
        (
            "What is the weather in Paris for 3 days, in fahrenheit?", "get_current_weather",
            #"{"location":"Paris","days":3,"unit":"fahrenheit","hourly":true}"#
        ),
        (
            "weather in new york, not hourly", "get_current_weather",
            #"{"location":"new york","days":1,"unit":"celsius","hourly":false}"#
        ),
        (
            "Please call get_current_weather for \"Köln am Rhein\"", "get_current_weather",
            #"{"location":"Köln am Rhein","days":1,"unit":"celsius","hourly":true}"#
        ), ("Remember that I like green tea.", "create_memory", #"{"memory_text":"The User likes green tea"}"#),
        ("What time is it?", "getTime", "{}"),
    ])
    func `the matching tool is called with arguments from the message`(
        _ text: String,
        _ name: String,
        _ arguments: String
    ) throws {
        #expect(try call(turn(text)) == [name, arguments])
        #expect(try turn(text) == turn(text))
    }

    @Test(arguments: ["Hello!", "How are you?", "Tell me a joke about cats", ""])
    func `no tool is called without a match`(_ text: String) throws {
        #expect(try call(turn(text)) == nil)
    }

    @Test func `it follows the tool choice`() throws {
        let named = #"{"type":"function","function":{"name":"getTime"}}"#
        #expect(try call(turn("weather in Rome", choice: #""none""#)) == nil)
        #expect(try call(turn("Hello", choice: #""required""#))?.first == "get_current_weather")
        #expect(try call(turn("What time is it?", choice: #""required""#))?.first == "getTime")
        #expect(try call(turn("weather in Rome", choice: named))?.first == "getTime")
        #expect(try call(turn("weather in Rome", tools: "[]", choice: #""required""#)) == nil)
    }

    @Test(arguments: ["[]", "[5,null]", #"[{"type":"function"}]"#, #"[{"function":{"name":5}}]"#])
    func `entries that are no tools are ignored`(_ tools: String) throws {
        #expect(try call(turn("weather in Rome", tools: tools)) == nil)
    }

    @Test func `after a tool's result the reply reports it`() throws {
        let calls = [Inference.ToolCall(id: "a", name: "get_current_weather", arguments: "{}")]
        let after: [Inference.Message] = [
            .init(role: .assistant, content: nil, toolCalls: calls),
            .init(role: .tool, content: .text("22 °C and sunny"), toolCallID: "a"),
        ]
        guard case .text(let text) = try turn("weather in Rome", after: after) else {
            Issue.record("It called again.")
            return
        }
        #expect(text.contains("The tool get_current_weather answered: 22 °C and sunny"))
        // The first reply introduces the demo model.
        #expect(text.contains("built-in demo model"))
    }

    @Test func `an answer is a JSON object, or an instance of the schema`() throws {
        let object = try turn("Hello", tools: "[]", format: #"{"type":"json_object"}"#)
        guard case .text(let text) = object else { throw Unexpected() }
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
        #expect(parsed?["model"] == "demo/demo" && parsed?["reply"]?.contains("demo model") == true)
        let schema = """
            {"type":"json_schema","json_schema":{"name":"plan","strict":true,"schema":{"type":"object",\
            "$defs":{"Step":{"type":"object","properties":{"title":{"type":"string"},"hours":{"type":"number"}},\
            "required":["title","hours"]},"Loop":{"$ref":"#/$defs/Loop"}},"properties":{"name":{"type":"string"},\
            "when":{"type":"string","format":"date"},"steps":{"type":"array","items":{"$ref":"#/$defs/Step"},"minItems":2},\
            "kind":{"enum":["a","b"]},"maybe":{"anyOf":[{"type":"null"},{"type":"integer"}]},"no":{"type":["null"]},\
            "loop":{"$ref":"#/$defs/Loop"},"any":true},\
            "required":["name","when","steps","kind","maybe","no","loop","any"],"additionalProperties":false}}}
            """
        guard case .text(let plan) = try turn("Plan b on 2026-12-24 with 2.5 hours", tools: "[]", format: schema) else {
            throw Unexpected()
        }
        #expect(
            plan == #"{"name":"2.5 hours","when":"2026-12-24","steps":[{"title":"2.5 hours","hours":2.5},"#
                + #"{"title":"2.5 hours","hours":1}],"kind":"b","maybe":1,"no":null,"loop":null,"any":"2.5 hours"}"#
        )
    }

    private struct Unexpected: Error {}

    @Test func `a tool call is streamed in pieces and finishes with tool calls`() async throws {
        var prompt = Prompt(
            model: "demo",
            messages: ByteBuffer(string: #"[{"role":"user","content":"What is the weather in Paris?"}]"#)
        )
        prompt.plan = try ToolPlan(tools: ByteBuffer(string: Self.all))
        let stream = try await DemoProvider(pace: .zero).generate(prompt)
        var draft = AnswerBuilder()
        var begin = Inference.Event()
        begin.begin = Inference.Begin(model: "demo/demo", attempts: [])
        draft.add(begin)
        for try await event in stream { draft.add(event) }
        let answer = try draft.answer()
        #expect(answer.text == nil)
        #expect(answer.finish.reason == .toolCalls)
        let call = try #require(answer.toolCalls?.first)
        #expect(call.id.hasPrefix("call_") && call.function.name == "get_current_weather")
        #expect(call.function.arguments == #"{"location":"Paris","days":1,"unit":"celsius","hourly":true}"#)
    }

    @Test func `images are described by their headers, and audio is declined`() throws {
        func reply(_ parts: Inference.Part...) -> String {
            DemoReply(messages: [.init(role: .user, content: .parts(parts))]).text
        }
        let png =
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAAC0lEQVR4nGNgQAcAABIAAW2u2OMAAAAASUVORK5CYII="
        let seen = reply(.init(text: "What is this?"), .init(image: .init(url: png)))
        #expect(seen.contains("a PNG image of 2 × 3 pixels"))
        #expect(seen.contains("do not see"))
        #expect(seen.contains("You wrote: “What is this?”"))
        #expect(reply(.init(image: .init(url: "https://example.com/x.png"))).contains("open no addresses"))
        #expect(reply(.init(image: .init(url: "data:image/png;base64,AAAA"))).contains("begin like no PNG"))
        #expect(reply(.init(image: .init(url: "data:image/png;base64,%%"))).contains("not base64"))
        #expect(reply(.init(audio: .init(data: "AAAA", format: "wav"))).contains("I cannot hear"))
    }
}
