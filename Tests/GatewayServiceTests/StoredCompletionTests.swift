import Contracts
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// `store: true` of `POST /v1/chat/completions`.
@Suite(.timeLimit(.minutes(5))) struct StoredCompletionTests {
    private static let header = "x-parley-conversation"

    private func body(_ more: String, _ messages: String = ChatTests.hello) -> String {
        "{\"model\":\"demo\",\(more),\(messages)}"
    }

    @Test func `nothing is stored without store`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi")
            for more in [#""n":1"#, #""store":false"#, #""store":null"#, #""stream":true"#] {
                let answer = try await gateway.chat(body(more))
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: Self.header) == nil)
            }
            #expect(gateway.services.completions.asked.isEmpty)
            #expect(try await gateway.chat(body(#""store":"yes""#)).error("param") == "store")
        }
    }

    @Test func `a too long image URL is not stored`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi")
            let address = "https://example.test/" + String(repeating: "a", count: 2048)
            let messages = #"""
                "messages":[{"role":"user","content":[{"type":"text","text":"a"},
                {"type":"image_url","image_url":{"url":"\#(address)"}}]}]
                """#
            #expect(try await gateway.chat(body(#""store":true"#, messages)).status == 200)
            let kept = try #require(gateway.services.completions.kept.first)
            #expect(kept.messages[0].attachments.map(\.image?.url) == [""])
        }
    }

    @Test(arguments: [true, false])
    func `a completion is stored unchanged, and its identifier is returned`(_ isStream: Bool) async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi ", "there \u{1F600}\n\"", reason: .length)
            let messages = #"""
                "messages":[{"role":"system","content":"S"},{"role":"user","content":[{"type":"text","text":"a"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
                {"type":"image_url","image_url":{"url":"https://example.test/a.png"}}]},
                {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",
                "function":{"name":"f","arguments":"{bad"},"extra_content":{"g":1.50}}]},
                {"role":"tool","tool_call_id":"1","content":"t"}]
                """#
            let answer = try await gateway.chat(body("\"store\":true,\"stream\":\(isStream)", messages))
            #expect(answer.status == 200)
            if isStream { #expect(try ChatFrames(answer.body).isDone) }
            let id = try #require(answer.headers.first(name: Self.header).flatMap { Conversation.ID($0) })
            let kept = try #require(gateway.services.completions.kept.first)
            #expect(gateway.services.completions.asked == [id] && kept.id == id)
            #expect(gateway.services.completions.users == ["alice"])
            #expect(kept.messages.map(\.role) == [.system, .user, .assistant, .tool])
            #expect(
                kept.messages[1].attachments.map(\.image?.url) == [
                    "data:image/png;base64", "https://example.test/a.png",
                ]
            )
            #expect(kept.messages[2].toolCalls?.first?.metadata?.text == #"{"g":1.50}"#)
            #expect(kept.messages[3].toolCallID == "1")
            #expect(kept.answer.text == "Hi there \u{1F600}\n\"")
            #expect(kept.answer.begin.model == "demo/demo" && kept.answer.begin.attempts.count == 1)
            #expect(kept.answer.finish.reason == .length && kept.answer.finish.usage == Sample.usage)
            try await eventually("The usage") { gateway.services.meter.entries.count == 1 }
            #expect(gateway.services.meter.entries.map(\.total.requests) == [1])
        }
    }

    @Test func `streamed tool calls are assembled`() async throws {
        try await TestGateway.with { gateway in
            var event = Inference.Event()
            event.begin = Inference.Begin(model: "x/y", attempts: [])
            event.toolCalls = [
                Inference.ToolCallDelta(index: 0, id: "c1", name: "f", arguments: "{\"a", metadata: RawJSON("[1]")),
                Inference.ToolCallDelta(index: 0, arguments: "\":1}"),
                Inference.ToolCallDelta(index: 1, id: "c2", name: "g"),
            ]
            var more = Inference.Event()
            more.toolCalls = [Inference.ToolCallDelta(index: 1, arguments: "{}")]
            let finish = Inference.Finish(reason: .toolCalls, model: "x/y", usage: nil, metadata: RawJSON("{}"))
            gateway.services.models.play([event, more, Inference.Event(finish: finish)])
            #expect(try await gateway.chat(body(#""store":true,"stream":true"#)).status == 200)
            let answer = try #require(gateway.services.completions.kept.first).answer
            #expect(answer.text == nil && answer.finish == finish)
            let calls = [
                Inference.ToolCall(id: "c1", name: "f", arguments: "{\"a\":1}", metadata: RawJSON("[1]")),
                Inference.ToolCall(id: "c2", name: "g", arguments: "{}"),
            ]
            #expect(answer.toolCalls == calls)
        }
    }

    @Test(arguments: [true, false])
    func `a completion that cannot be stored is rejected before the model is asked`(_ isStream: Bool) async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi")
            let long = String(repeating: "x", count: StoredCompletion.sizeLimit)
            for messages in [
                #""messages":[{"role":"assistant","content":"a"}]"#,
                #""messages":[{"role":"user","content":"\#(long)"}]"#,
                #""messages":[{"role":"robot","content":"a"}]"#,
            ] {
                let answer = try await gateway.chat(body("\"store\":true,\"stream\":\(isStream)", messages))
                #expect(answer.status == 400)
                #expect(answer.error("type") == "invalid_request_error")
            }
            #expect(gateway.services.models.asked.isEmpty && gateway.services.completions.asked.isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func `a failed generation is not stored`(_ isStream: Bool) async throws {
        try await TestGateway.with { gateway in
            var begin = Inference.Event(text: "Hi")
            begin.begin = Inference.Begin(model: "x/y", attempts: [])
            for events in [[], [begin]] {
                gateway.services.models.play(events, Fault(.cut, "It broke."))
                let answer = try await gateway.chat(body("\"store\":true,\"stream\":\(isStream)"))
                #expect(answer.status == (isStream && !events.isEmpty ? 200 : 502))
            }
            #expect(gateway.services.completions.asked.isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func `nothing is stored for a client that disconnects before the end`(_ isStream: Bool) async throws {
        try await TestGateway.with { gateway in
            var begin = Inference.Event(text: "a")
            begin.begin = Inference.Begin(model: "x/y", attempts: [])
            gateway.services.models.play([begin], hangs: true)
            let task = Task { try await gateway.chat(body("\"store\":true,\"stream\":\(isStream)")) }
            try await eventually { gateway.services.models.asked.count == 1 }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            try await eventually { gateway.services.models.left == 1 }
            gateway.services.models.say("Hi")
            _ = try await gateway.chat(body(#""store":true"#))
            #expect(gateway.services.completions.asked.count == 1)
        }
    }

    @Test(arguments: [true, false])
    func `a lost response is retried with the same identifier`(_ isStream: Bool) async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi")
            gateway.services.completions.fail(Fault(.unavailable, "Not now."), Fault(.cut, "Lost."), losesAnswers: true)
            let answer = try await gateway.chat(body("\"store\":true,\"stream\":\(isStream)"))
            let id = try #require(answer.headers.first(name: Self.header).flatMap { Conversation.ID($0) })
            #expect(gateway.services.completions.asked == [id, id, id])
            #expect(gateway.services.completions.kept.count == 1)
        }
    }

    @Test func `an answer that is too large, malformed or incomplete is not stored`() throws {
        func taken(_ events: String...) -> StoredAnswerCollector {
            var answer = StoredAnswerCollector()
            for event in events { answer.add([ByteBuffer(string: event)]) }
            return answer
        }
        let finish = #"{"finish":{"reason":"stop","model":"x/y"}}"#
        #expect(taken(#"{"text":"a"}"#, #"{"text":"b"}"#, finish).answer?.text == "ab")
        #expect(taken(#"{"text":"a"}"#).answer == nil)
        #expect(taken(#"{"text":"a"}"#, #"{"text":1}"#, finish).answer == nil)
        let piece = "{\"text\":\"\(String(repeating: "x", count: 1 << 20))\"}"
        var large = StoredAnswerCollector()
        for _ in 0..<17 { large.add([ByteBuffer(string: piece)]) }
        large.add([ByteBuffer(string: finish)])
        #expect(large.answer == nil)
    }

    @Test func `the response succeeds even if it cannot be stored`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi")
            gateway.services.completions.fail(Fault(.conflict, "No."), Fault(.conflict, "No."))
            let whole = try await gateway.chat(body(#""store":true"#))
            #expect(whole.status == 200 && whole.body.contains("\"Hi\""))
            #expect(whole.headers.first(name: Self.header) == nil)
            let frames = try ChatFrames(try await gateway.chat(body(#""store":true,"stream":true"#)).body)
            #expect(frames.text == "Hi" && frames.isDone)
            #expect(gateway.services.completions.asked.count == 2 && gateway.services.completions.kept.isEmpty)
        }
    }
}
