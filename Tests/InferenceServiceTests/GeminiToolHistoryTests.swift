import Contracts
import Testing

@testable import InferenceService

/// Tool calls, results and thought signatures in requests to Gemini.
@Suite struct GeminiToolHistoryTests {
    private func contents(
        _ messages: [Inference.Message],
        model: String = "gemini-3-pro-preview"
    ) throws -> [GeminiContent] {
        let media = GeminiMedia(passesAddresses: true)
        return try GeminiConversation(
            ToolHistory.repaired(messages),
            traits: GeminiModelTraits(model: model),
            media: media
        ).contents
    }

    private func call(_ id: String, _ arguments: String, _ signature: String? = nil) -> Inference.ToolCall {
        Inference.ToolCall(
            id: id,
            name: "weather",
            arguments: arguments,
            metadata: signature.map(GeminiSignature.metadata)
        )
    }

    private func result(_ id: String?, _ text: String, name: String? = nil) -> Inference.Message {
        Inference.Message(role: .tool, content: .text(text), toolCallID: id, name: name)
    }

    @Test func `results follow their calls in one turn, by name and identifier`() throws {
        let found = try contents([
            .init(role: .user, content: "Weather?"),
            .init(
                role: .assistant,
                content: .text("I look."),
                toolCalls: [call("a", #"{"city":"Paris"}"#, "c2ln"), call("b", "{}")],
                metadata: GeminiSignature.metadata("dGV4dA==")
            ),
            result("b", "sunny"), result("a", #" {"sky": [1, 2]} "#), .init(role: .user, content: "Thanks."),
        ])
        #expect(
            found == [
                GeminiContent(side: .user, parts: [.text("Weather?")]),
                GeminiContent(
                    side: .model,
                    parts: [
                        .text("I look.", signature: "dGV4dA=="),
                        .call(id: "a", name: "weather", arguments: #"{"city":"Paris"}"#, signature: "c2ln"),
                        .call(id: "b", name: "weather", arguments: "{}"),
                    ]
                ),
                GeminiContent(
                    side: .tools,
                    parts: [
                        .result(id: "a", name: "weather", response: #"{"sky": [1, 2]}"#),
                        .result(id: "b", name: "weather", response: #"{"result":"sunny"}"#),
                    ]
                ),
                GeminiContent(side: .user, parts: [.text("Thanks.")]),
            ]
        )
    }

    @Test func `a result without its call becomes a text`() throws {
        let found = try contents([result("lost", "sunny", name: "weather"), result(nil, "4")])
        #expect(
            found == [
                GeminiContent(side: .user, parts: [.text("The tool weather said: sunny"), .text("A tool said: 4")])
            ]
        )
    }

    @Test(arguments: [
        ("{}", "{}"), (#"{"a":1}"#, #"{"a":1}"#), ("", "{}"), (" \n", "{}"), ("[1]", #"{"arguments":[1]}"#),
        ("null", #"{"arguments":null}"#), (#"{"a":"#, #"{"arguments":"{\"a\":"}"#), ("{}{}", #"{"arguments":"{}{}"}"#),
        ("a\u{0}\"", #"{"arguments":"a\u0000\""}"#), ("\"x\"", #"{"arguments":"x"}"#),
        (#"{"a" 1}"#, #"{"arguments":"{\"a\" 1}"}"#), ("{'a':1}", #"{"arguments":"{'a':1}"}"#),
    ])
    func `arguments that are not an object become a member`(_ arguments: String, _ wanted: String) throws {
        #expect(GeminiConversation.object(arguments, else: "arguments") == wanted)
        let found = try contents([.init(role: .assistant, content: nil, toolCalls: [call("a", arguments)])])
        #expect(
            found.first?.parts == [.call(id: "a", name: "weather", arguments: wanted, signature: GeminiSignature.none)]
        )
    }

    @Test func `deeply nested arguments are accepted`() {
        let deep = String(repeating: "{\"a\":", count: 100_000) + "1" + String(repeating: "}", count: 100_000)
        #expect(GeminiConversation.object(deep, else: "arguments").hasPrefix("{\"arguments\":\"{"))
    }

    @Test(arguments: [
        ("gemini-3-pro-preview", true), ("gemini-3.8-flash", true), ("gemini-flash-latest", true),
        ("gemini-2.5-flash", false), ("gemini-2.0-flash", false), ("gemma-4-31b", false),
    ])
    func `the first call of another model gets a placeholder signature if required`(
        _ model: String,
        _ isSigned: Bool
    ) throws {
        let other = Inference.Message(
            role: .assistant,
            content: nil,
            toolCalls: [
                Inference.ToolCall(
                    id: "a",
                    name: "weather",
                    arguments: "{}",
                    metadata: RawJSON(#"{"openai":{"x":1}}"#)
                ),
                call("b", "{}"),
            ]
        )
        let found = try contents([other, result("a", "1"), result("b", "2"), other], model: model)
        let signature = isSigned ? "skip_thought_signature_validator" : nil
        for (content, ids) in [(found[0], ["a", "b"]), (found[2], ["a_2", "b_2"])] {
            #expect(
                content.parts == [
                    .call(id: ids[0], name: "weather", arguments: "{}", signature: signature),
                    .call(id: ids[1], name: "weather", arguments: "{}"),
                ]
            )
        }
    }

    @Test func `signatures of texts are returned at their places`() throws {
        let metadata = GeminiSignature.metadata("c2ln")
        let part = Inference.Part(text: "b", metadata: metadata)
        let found = try contents([
            .init(role: .assistant, content: .parts([.init(text: "a"), part, .init(text: "c")])),
            .init(role: .user, content: .parts([part])), .init(role: .assistant, content: nil, metadata: metadata),
        ])
        #expect(found[0].parts == [.text("a"), .text("b", signature: "c2ln"), .text("c")])
        #expect(found[1].parts == [.text("b")])
        #expect(found[2].parts == [.text("", signature: "c2ln")])
    }

    @Test(
        arguments: [
            (#"{"google":{"thought_signature":"c2ln"}}"#, "c2ln"), (#"{"google":{"thoughtSignature":"c2ln"}}"#, "c2ln"),
            (#"{"google":{"thought_signature":""}}"#, nil), (#"{"google":5}"#, nil), (#"{"other":{}}"#, nil),
            ("[]", nil),
            (#"{"google":{"thought_signature":7}}"#, nil), ("{", nil), ("", nil),
        ] as [(String, String?)]
    )
    func `a thought signature is read in both spellings`(_ text: String, _ wanted: String?) {
        #expect(GeminiSignature.read(RawJSON(text)) == wanted)
    }
}
