import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Tool calls, thoughts and log probabilities in Ollama's answers.
@Suite(.timeLimit(.minutes(5))) struct OllamaAnswerTests {
    private func answer(_ lines: [String], _ request: Inference.Generate = question()) async throws -> Inference.Answer
    {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", .chat(lines: lines))
            let routing = try routing(to: ollama.url).routing
            return try await routing.complete(GenerationRequest(request), CallContext())
        }
    }

    @Test func `thoughts are separate from the text`() async throws {
        let answer = try await answer(
            [FakeResponse.thought("Let me"), FakeResponse.thought(" see.")] + FakeResponse.chatLines(["Yes", "."])
        )
        #expect(answer.reasoning == "Let me see.")
        #expect(answer.text == "Yes.")
        #expect(answer.finish.reason == .stop)
    }

    @Test func `tool calls are complete and finish the answer`() async throws {
        let answer = try await answer(
            [
                FakeResponse.toolCalls(
                    FakeResponse.toolCall("get_weather", #"{"city": "Paris", "days":[1,2]}"#),
                    FakeResponse.toolCall("get_time", "{}")
                ), FakeResponse.toolCalls(FakeResponse.toolCall("get_weather", #"{"city":"Rome"}"#, index: nil)),
            ] + FakeResponse.chatLines([])
        )
        let calls = try #require(answer.toolCalls)
        #expect(calls.map(\.function.name) == ["get_weather", "get_time", "get_weather"])
        #expect(
            calls.map(\.function.arguments) == [#"{"city": "Paris", "days":[1,2]}"#, "{}", #"{"city":"Rome"}"#]
        )
        #expect(Set(calls.map(\.id)).count == 3)
        #expect(calls.allSatisfy { $0.id.hasPrefix("call_") })
        #expect(answer.finish.reason == .toolCalls)
    }

    @Test func `identifiers are kept, and generated if missing or repeated`() async throws {
        let answer = try await answer(
            [
                FakeResponse.toolCalls(
                    FakeResponse.toolCall("a", "{}", id: "call_1"),
                    FakeResponse.toolCall("b", "{}", id: "call_1"),
                    FakeResponse.toolCall("c", "{}", id: ""),
                    FakeResponse.toolCall("d", "{}", id: "call_2")
                )
            ] + FakeResponse.chatLines([])
        )
        let ids = try #require(answer.toolCalls?.map(\.id))
        #expect(ids.count == 4 && Set(ids).count == 4)
        #expect(ids[0] == "call_1" && ids[3] == "call_2")
    }

    @Test(arguments: [
        ("5", 0), ("[5,null,\"x\",[]]", 0), ("[{}]", 0), (#"[{"function":{}}]"#, 0),
        (#"[{"function":{"name":"","arguments":{}}}]"#, 0), (#"[{"function":{"name":7}}]"#, 0),
        (#"[{"function":{"name":"f"}}]"#, 1), (#"[{"function":{"name":"f","arguments":"{\"a\":1}"}}]"#, 1),
        (#"[{"function":{"name":"f","arguments":[1]}}]"#, 1),
        (#"[{"id":5,"function":{"name":"f","arguments":null}}]"#, 1),
    ])
    func `incomplete calls are omitted or have no arguments`(_ calls: String, _ count: Int) async throws {
        let answer = try await answer(
            [FakeResponse.chatLine("\"content\":\"x\",\"tool_calls\":\(calls)")] + FakeResponse.chatLines([])
        )
        #expect(answer.toolCalls?.count ?? 0 == count)
        #expect(answer.finish.reason == (count > 0 ? .toolCalls : .stop))
        #expect(answer.toolCalls?.allSatisfy { $0.function.arguments.hasPrefix("{") } != false)
    }

    @Test func `arguments with invalid JSON end the answer`() async throws {
        for arguments in [
            "{\"a\":01}", "{\"a\" 1}",
            String(repeating: "{\"a\":", count: 100) + "1" + String(repeating: "}", count: 100),
        ] {
            try await withFakeOllama { ollama in
                let call = FakeResponse.toolCalls(FakeResponse.toolCall("f", arguments))
                ollama.always(
                    "/api/chat",
                    .chat(lines: FakeResponse.chatLines(["Hello"], nil) + [call] + FakeResponse.chatLines([]))
                )
                let outcome = try await routing(to: ollama.url).routing.outcome()
                #expect(outcome.text == "Hello")
                #expect(outcome.fault?.code == .provider)
            }
        }
    }

    @Test func `the length finish reason is kept for tool calls`() async throws {
        let answer = try await answer(
            [FakeResponse.toolCalls(FakeResponse.toolCall("f", "{}"))] + FakeResponse.chatLines([], "length")
        )
        #expect(answer.finish.reason == .length)
    }

    @Test func `log probabilities are in OpenAI's format`() async throws {
        let lines = [
            FakeResponse.chatLine(
                "\"content\":\"Hi\"",
                more:
                    #","logprobs":[{"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.25},{"token":"Yo","logprob":-2}]}]"#
            ), FakeResponse.chatLine("\"content\":\"!\"", more: #","logprobs":[{"token":"!","logprob":-1.5}]"#),
            FakeResponse.chatLine(
                "\"content\":\"\"",
                more: #","logprobs":[5,{"token":"x"},{"logprob":"y","token":"z"}]"#
            ),
            FakeResponse.chatLine("\"content\":\"\"", more: #","logprobs":null"#),
        ]
        let answer = try await answer(lines + FakeResponse.chatLines([]))
        #expect(
            answer.logprobs?.text == #"[{"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":["#
                + #"{"token":"Hi","logprob":-0.25,"bytes":null},{"token":"Yo","logprob":-2.0,"bytes":null}]},"#
                + #"{"token":"!","logprob":-1.5,"bytes":null,"top_logprobs":[]}]"#
        )
    }
}
