import Bus
import Contracts
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// `POST /v1/chat/completions` with a scripted inference-svc.
@Suite(.timeLimit(.minutes(5))) struct ChatTests {
    static let hello = #""messages":[{"role":"user","content":"Hello"}]"#

    @Test func `a completion has OpenAI's format`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi ", "there \u{1F600}\n\"")
            let answer = try await gateway.chat("{\"model\":\"demo\",\(Self.hello)}")
            #expect(answer.status == 200)
            let json = try answer.json
            #expect((json["id"] as? String)?.hasPrefix("chatcmpl-") == true)
            #expect(json["object"] as? String == "chat.completion")
            #expect(json["model"] as? String == "demo/demo")
            let choice = try #require((json["choices"] as? [[String: Any]])?.first)
            #expect(choice["finish_reason"] as? String == "stop")
            #expect(choice["index"] as? Int == 0)
            let message = try #require(choice["message"] as? [String: Any])
            #expect(message["content"] as? String == "Hi there \u{1F600}\n\"")
            #expect(message["role"] as? String == "assistant")
            let usage = try #require(json["usage"] as? [String: Any])
            #expect(usage["total_tokens"] as? Int == 15)
            #expect(answer.headers.first(name: "x-request-id") != nil)
            #expect(answer.headers.first(name: "server-timing")?.contains("upstream") == true)
        }
    }

    @Test func `a stream consists of chunks, a last chunk and [DONE]`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi ", "\u{1F600}\n\n", "data: [DONE]\n\n")
            let answer = try await gateway.chat("{\"model\":\"demo\",\"stream\":true,\(Self.hello)}")
            #expect(answer.headers.first(name: "content-type")?.hasPrefix("text/event-stream") == true)
            let frames = try ChatFrames(answer.body)
            #expect(frames.isDone)
            #expect(frames.text == "Hi \u{1F600}\n\ndata: [DONE]\n\n")
            #expect(frames.finishReason == "stop")
            #expect(frames.chunks.first?.delta["role"] as? String == "assistant")
            #expect(Set(frames.chunks.map(\.id)).count == 1)
            #expect(frames.usage == nil)
            #expect(frames.chunks.allSatisfy { $0.model == "demo/demo" })
        }
    }

    @Test func `include_usage adds a chunk with the usage`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("a", reason: .length)
            let options = #""stream":true,"stream_options":{"include_usage":true}"#
            let frames = try ChatFrames(try await gateway.chat("{\"model\":\"demo\",\(options),\(Self.hello)}").body)
            #expect(frames.usage?["prompt_tokens"] as? Int == 12)
            #expect(frames.usage?["completion_tokens"] as? Int == 3)
            #expect(frames.finishReason == "length")
            #expect(frames.isDone)
        }
    }

    @Test func `an empty answer is complete`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say()
            let frames = try ChatFrames(
                try await gateway.chat("{\"model\":\"demo\",\"stream\":true,\(Self.hello)}").body
            )
            #expect(frames.isDone && frames.text.isEmpty && frames.finishReason == "stop")
            let whole = try await gateway.chat("{\"model\":\"demo\",\(Self.hello)}").json
            let message = (whole["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]
            #expect(message?["content"] as? String == "")
        }
    }

    @Test func `tool calls, reasoning and refusals are forwarded`() async throws {
        try await TestGateway.with { gateway in
            var event = Inference.Event()
            event.begin = Inference.Begin(model: "x/y", attempts: [])
            event.reasoning = "Hm."
            event.refusal = "No."
            let signature = RawJSON(#"{"google":{"thought_signature":"c2ln"}}"#)
            event.toolCalls = [
                Inference.ToolCallDelta(index: 0, id: "c1", name: "f", arguments: "{\"a", metadata: signature),
                Inference.ToolCallDelta(index: 0, arguments: "\":1}"),
                Inference.ToolCallDelta(index: 1, id: "c2", name: "g"),
            ]
            let finish = Inference.Finish(reason: .toolCalls, model: "x/y", usage: nil)
            gateway.services.models.play([event, Inference.Event(finish: finish)])
            let frames = try ChatFrames(
                try await gateway.chat("{\"model\":\"demo\",\"stream\":true,\(Self.hello)}").body
            )
            #expect(frames.finishReason == "tool_calls")
            let deltas = frames.chunks.map(\.delta)
            #expect(deltas.compactMap { $0["reasoning_content"] as? String } == ["Hm."])
            #expect(deltas.compactMap { $0["refusal"] as? String } == ["No."])
            let calls = deltas.compactMap { $0["tool_calls"] as? [[String: Any]] }.flatMap { $0 }
            #expect(calls.map { $0["index"] as? Int } == [0, 0, 1])
            #expect(calls.map { $0["id"] as? String } == ["c1", nil, "c2"])
            #expect(calls.first?["type"] as? String == "function")
            #expect((calls.first?["extra_content"] as? [String: Any])?["google"] != nil)
            let arguments = calls.compactMap { ($0["function"] as? [String: Any])?["arguments"] as? String }
            #expect(arguments == ["{\"a", "\":1}", ""])
        }
    }

    @Test func `the request is forwarded unchanged`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("x")
            let body = #"""
                {"model":"m","messages":[{"role":"system","content":"S"},{"role":"user","content":"a\u00e9\n"},
                {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","index":0,
                "function":{"name":"f","arguments":"{bad"},"extra_content":{"g":[1]}}],"refusal":null,"own":[1]},
                {"role":"tool","tool_call_id":"1","content":"t"},{"role":"user","content":[{"type":"text","text":"b"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}],
                "max_completion_tokens":7,"stop":"END","seed":-3,"temperature":0.5,"top_p":1,"frequency_penalty":-2,
                "presence_penalty":2.0,"logprobs":true,"top_logprobs":3,"parallel_tool_calls":false,"user":"u",
                "reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f","parameters":{}}}],
                "tool_choice":{"type":"function","function":{"name":"f"}},"response_format":{"type":"json_object"},
                "n":1,"logit_bias":null,"service_tier":"auto","metadata":{},"something":{"of":["its","own"]}}
                """#
            let answer = try await gateway.chat(body)
            #expect(answer.status == 200, "\(answer.body)")
            let asked = try #require(gateway.services.models.asked.first)
            #expect(asked.model == "m")
            #expect(asked.messages.map(\.role) == [.system, .user, .assistant, .tool, .user])
            #expect(asked.messages[1].text == "aé\n")
            #expect(asked.messages[2].toolCalls?.first?.function.arguments == "{bad")
            #expect(asked.messages[2].toolCalls?.first?.metadata?.text.contains("[1]") == true)
            #expect(asked.messages[4].attachments.count == 1)
            var options = Inference.Options(maxTokens: 7, stop: ["END"], temperature: 0.5, seed: -3)
            (options.topP, options.frequencyPenalty, options.presencePenalty) = (1, -2, 2)
            (options.logprobs, options.topLogprobs) = (true, 3)
            (options.parallelToolCalls, options.reasoningEffort) = (false, "low")
            #expect(asked.options == options)
            #expect(asked.tools?.text.contains("\"f\"") == true)
            #expect(asked.toolChoice?.text.contains("function") == true)
            #expect(asked.responseFormat?.text.contains("json_object") == true)
            #expect(gateway.services.models.contexts.first?.principal?.user == "alice")
        }
    }

    @Test(arguments: [(nil, 70), (50, 50), (100, 70)] as [(Int?, Int)])
    func `a quota limits max_tokens`(_ asked: Int?, _ sent: Int) async throws {
        try await TestGateway.with { gateway in
            gateway.services.meter.allow(1, answerLimit: 70)
            gateway.services.keys.limit(.user("alice"))
            gateway.services.models.say("x")
            try await eventually("The news") {
                let limit = asked.map { ",\"max_tokens\":\($0)" } ?? ""
                _ = try await gateway.chat("{\"model\":\"m\",\(Self.hello)\(limit)}")
                return gateway.services.meter.reserves.count == 1
            }
            #expect(gateway.services.models.asked.last?.options.maxTokens == sent)
        }
    }

    @Test func `a request with only a system message is forwarded`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("x")
            for role in ["system", "developer"] {
                let messages = "[{\"role\":\"\(role)\",\"content\":\"Greet.\"}]"
                let answer = try await gateway.chat("{\"model\":\"m\",\"messages\":\(messages)}")
                #expect(answer.status == 200)
            }
            #expect(gateway.services.models.asked.map { $0.messages.map(\.role) } == [[.system], [.developer]])
        }
    }

    @Test(arguments: [true, false])
    func `a client that disconnects cancels the generation`(_ isStream: Bool) async throws {
        try await TestGateway.with { gateway in
            var begin = Inference.Event(text: "a")
            begin.begin = Inference.Begin(model: "x/y", attempts: [])
            gateway.services.models.play([begin], hangs: true)
            let task = Task {
                try await gateway.chat("{\"model\":\"demo\",\"stream\":\(isStream),\(Self.hello)}")
            }
            try await eventually { gateway.services.models.asked.count == 1 }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            try await eventually { gateway.services.models.left == 1 }
        }
    }

    @Test func `a fault before the answer keeps its status, however long the stream has been open`() async throws {
        try await TestGateway.with { gateway in
            var waiting = Inference.Event()
            waiting.progress = Inference.Progress(queuePosition: 3)
            var fault = Fault(.limited, "It accepts no more requests.", retryAfter: 7)
            let attempt = Attempt(model: "x/y", outcome: .failed, code: .limited, milliseconds: 1)
            fault.attempts = [attempt]
            var failed = Inference.Event()
            failed.progress = Inference.Progress(attempt: attempt)
            gateway.services.models.play([waiting, failed], fault)
            let answer = try await gateway.chat("{\"model\":\"demo\",\"stream\":true,\(Self.hello)}")
            #expect(answer.status == 429)
            #expect(answer.headers.first(name: "retry-after") == "7")
            var begin = Inference.Event(text: "Hello.")
            begin.begin = Inference.Begin(model: "x/y", attempts: [])
            let finish = Inference.Finish(reason: .stop, model: "x/y", usage: nil)
            gateway.services.models.play([waiting, begin, Inference.Event(finish: finish)])
            let frames = try ChatFrames(
                try await gateway.chat("{\"model\":\"demo\",\"stream\":true,\(Self.hello)}").body
            )
            #expect(frames.text == "Hello.")
            #expect(frames.isDone)
        }
    }
}

/// The chunks of a streamed completion.
struct ChatFrames {
    struct Chunk {
        var id: String
        var model: String
        var delta: [String: Any]
        var finishReason: String?
    }

    var chunks: [Chunk] = []
    var usage: [String: Any]?
    var error: [String: Any]?
    var isDone = false

    init(_ body: String) throws {
        // A comment keeps a silent stream alive.
        for frame in body.components(separatedBy: "\n\n") where !frame.isEmpty && !frame.hasPrefix(":") {
            guard frame.hasPrefix("data: ") else { throw Unreadable(description: "No frame: \(frame)") }
            guard !isDone else { throw Unreadable(description: "After the end: \(frame)") }
            if frame == "data: [DONE]" {
                isDone = true
                continue
            }
            let json = try WireJSON.object(String(frame.dropFirst(6)))
            if let error = json["error"] as? [String: Any] {
                self.error = error
                continue
            }
            let choices = json["choices"] as? [[String: Any]] ?? []
            guard let choice = choices.first else {
                usage = json["usage"] as? [String: Any]
                continue
            }
            chunks.append(
                Chunk(
                    id: json["id"] as? String ?? "",
                    model: json["model"] as? String ?? "",
                    delta: choice["delta"] as? [String: Any] ?? [:],
                    finishReason: choice["finish_reason"] as? String
                )
            )
        }
    }

    var text: String { chunks.compactMap { $0.delta["content"] as? String }.joined() }
    var finishReason: String? { chunks.compactMap(\.finishReason).last }
}

extension Answer {
    /// A member of an error in OpenAI's format; `nil` without it.
    func error(_ name: String) -> String? {
        let error = (try? json)?["error"] as? [String: Any]
        return error?[name] as? String
    }
}

extension TestGateway {
    func chat(_ body: String, token: String? = TestGateway.token()) async throws -> Answer {
        try await ask(.POST, "/v1/chat/completions", token: token, body: body)
    }
}
