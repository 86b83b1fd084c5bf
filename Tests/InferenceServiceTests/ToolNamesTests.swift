import Contracts
import Foundation
import NIOCore
import Testing

@testable import InferenceService

@Suite struct ToolNamesTests {
    @Test(arguments: [
        ("21st_magic_component_builder", "_21st_magic_component_builder"), ("weather", "weather"),
        ("a.b-c_d", "a.b-c_d"), ("-x", "_-x"), ("get weather", "get_weather"), ("größe", "gr__e"), ("", "_"),
        ("mcp:server/tool", "mcp_server_tool"), ("\u{1F600}", "_"), (".hidden", "_.hidden"),
        (String(repeating: "n", count: 65), String(repeating: "n", count: 64)),
        (String(repeating: "9", count: 64), "_" + String(repeating: "9", count: 63)),
    ])
    func `a name that Gemini forbids is replaced by the nearest permitted one`(_ name: String, _ sent: String) {
        let rule = IdentifierRule.geminiName
        let map = IdentifierMap([name], rule: rule)
        #expect(map.sent(name) == sent && rule.permits(sent))
        #expect(map.original(sent) == name)
    }

    @Test func `replacements differ from each other and from permitted names`() {
        let names = [
            "a b", "a_b", "a/b", "a_b_2", "a:b", String(repeating: "x", count: 70), String(repeating: "x", count: 80),
        ]
        let map = IdentifierMap(names, rule: .openAIName)
        let sent = names.map(map.sent)
        #expect(Set(sent).count == names.count)
        #expect(sent.allSatisfy(IdentifierRule.openAIName.permits))
        #expect(map.sent("a_b") == "a_b" && map.sent("a_b_2") == "a_b_2")
        #expect(sent.map(map.original) == names)
    }

    @Test func `many names that resemble each other are replaced in linear time`() {
        let stem = String(repeating: "x", count: 60)
        let names = (0..<100_000).map { "\(stem)\($0 % 1000) \($0)" }
        let map = IdentifierMap(names, rule: .openAIName)
        #expect(Set(names.map(map.sent)).count == names.count)
    }

    @Test func `OpenAI gets permitted names and short identifiers, and other servers all of them`() throws {
        let id = String(repeating: "i", count: 60)
        var prompt = Prompt(model: "m", messages: ByteBuffer())
        prompt.plan = try ToolPlan(
            tools: ByteBuffer(string: #"[{"type":"function","function":{"name":"a.b","strict":false}}]"#),
            choice: ByteBuffer(string: #"{"type":"function","function":{"name":"a.b"}}"#)
        )
        prompt.parsedMessages = [
            .init(role: .assistant, content: nil, toolCalls: [.init(id: id, name: "a.b", arguments: "{}")]),
            .init(role: .tool, content: .text("x"), toolCallID: id, name: "a.b"),
        ]
        let unlimited = OpenAIChatRequest(prompt: prompt, quirks: ServerQuirks(), serverName: "server")
        #expect(String(buffer: try unlimited.encoded()).components(separatedBy: #""a.b""#).count == 5)
        let limited = OpenAIChatRequest(
            prompt: prompt,
            quirks: ServerQuirks(limitsToolNames: true),
            serverName: "openai"
        )
        let body = String(buffer: try limited.encoded())
        #expect(!body.contains("a.b") && !body.contains(id))
        #expect(body.contains(#"[{"type":"function","function":{"name":"a_b","strict":false}}]"#))
        #expect(body.contains(#""tool_choice":{"type":"function","function":{"name":"a_b"}}"#))
        #expect(limited.names.original("a_b") == "a.b")
    }

    @Test func `names are replaced in tools, choice, calls and results`() throws {
        var prompt = Prompt(model: "m", messages: ByteBuffer())
        prompt.plan = try ToolPlan(
            tools: ByteBuffer(string: #"[{"type":"function","function":{"name":"1st"}}]"#),
            choice: ByteBuffer(string: #"{"type":"function","function":{"name":"1st"}}"#)
        )
        prompt.parsedMessages = [
            .init(role: .user, content: .text("1st"), name: "1st"),
            .init(role: .assistant, content: nil, toolCalls: [.init(id: "a:1", name: "1st", arguments: "{}")]),
            .init(role: .tool, content: .text("x"), toolCallID: "a:1", name: "1st"),
        ]
        let names = ToolNames(prompt, rule: .geminiName, ids: .anthropicID)
        let sent = names.applied(to: prompt)
        #expect(sent.plan.tools.map(\.name) == ["_1st"] && sent.plan.choice == .named("_1st"))
        let messages = try #require(sent.parsedMessages)
        #expect(messages[0] == prompt.parsedMessages?[0])
        #expect(messages[1].toolCalls == [.init(id: "a_1", name: "_1st", arguments: "{}")])
        #expect(messages[2].name == "_1st" && messages[2].toolCallID == "a_1")
        #expect(names.original("_1st") == "1st" && names.original("other") == "other")
    }
}
