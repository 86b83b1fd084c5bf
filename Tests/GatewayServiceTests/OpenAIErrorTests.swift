import Bus
import Contracts
import NIOHTTP1
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct OpenAIErrorTests {
    @Test(
        arguments: [
            ("{}", "model", nil), (#"{"model":"m"}"#, "messages", "missing_required_parameter"),
            (#"{"model":5,"messages":[]}"#, "model", "invalid_type"),
            (#"{"model":"m","messages":[]}"#, "messages", "empty_array"),
            (#"{"model":"m","messages":{}}"#, "messages", "invalid_type"),
            (#"{"model":"m","messages":["a"]}"#, "messages[0]", "invalid_type"),
            (#"{"model":"m","messages":[{"role":"boss","content":"a"}]}"#, "messages[0].role", "invalid_value"),
            (#"{"model":"m","messages":[{"content":"a"}]}"#, "messages[0].role", "missing_required_parameter"),
            (#"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content", "missing_required_parameter"),
            (#"{"model":"m","messages":[{"role":"user","content":5}]}"#, "messages[0].content", "invalid_type"),
            (#"{"model":"m","messages":[{"role":"user","content":[{"type":"x"}]}]}"#, "messages[0]", "invalid_value"),
            (
                #"{"model":"m","messages":[{"role":"tool","content":"a"}]}"#, "messages[0].tool_call_id",
                "missing_required_parameter"
            ),
            (#"{"model":"m","messages":[{"role":"assistant","tool_calls":[{}]}]}"#, "messages[0]", "invalid_value"),
        ] as [(String, String?, String?)]
    )
    func `an invalid body`(_ body: String, _ param: String?, _ code: String?) async throws {
        try await refuse(body, param, code)
    }

    @Test(
        arguments: [
            (#""temperature":3"#, "temperature", "decimal_above_max_value"),
            (#""temperature":-0.1"#, "temperature", "decimal_below_min_value"),
            (#""temperature":"1""#, "temperature", "invalid_type"),
            (#""top_p":1.5"#, "top_p", "decimal_above_max_value"), (#""n":2"#, "n", "integer_above_max_value"),
            (#""n":0"#, "n", "integer_below_min_value"), (#""max_tokens":0"#, "max_tokens", "integer_below_min_value"),
            (#""max_tokens":1.5"#, "max_tokens", "invalid_type"),
            (#""max_tokens":1e300"#, "max_tokens", "invalid_type"),
            (#""max_tokens":5,"max_completion_tokens":5"#, "max_tokens", "invalid_parameter_combination"),
            (#""stop":["a","b","c","d","e"]"#, "stop", "array_above_max_length"),
            (#""stop":[5]"#, "stop[0]", "invalid_type"),
            (#""stop":{}"#, "stop", "invalid_type"), (#""seed":"x""#, "seed", "invalid_type"),
            (#""stream":"yes""#, "stream", "invalid_type"), (#""stream_options":{}"#, "stream_options", nil),
            (#""top_logprobs":2"#, "top_logprobs", nil), (#""tools":{}"#, "tools", "invalid_type"),
            (#""tools":[{"type":"web"}]"#, "tools[0].type", "invalid_value"),
            (#""tools":[{"type":"function"}]"#, "tools[0].function.name", "missing_required_parameter"),
            (#""tools":[{"type":"function","function":{"name":"a b"}}]"#, "tools[0].function.name", "invalid_value"),
            (
                #""tools":[{"type":"function","function":{"name":"a","parameters":[]}}]"#,
                "tools[0].function.parameters", "invalid_type"
            ),
            (#""tool_choice":"maybe""#, "tool_choice", "invalid_value"),
            (#""tool_choice":5"#, "tool_choice", "invalid_type"),
            (#""tool_choice":{}"#, "tool_choice.type", "missing_required_parameter"),
            (#""tool_choice":{"type":"x"}"#, "tool_choice.type", "invalid_value"),
            (#""tool_choice":{"type":"function"}"#, "tool_choice.function.name", "missing_required_parameter"),
            (
                #""tool_choice":{"type":"function","function":{"name":"a b"}}"#, "tool_choice.function.name",
                "invalid_value"
            ),
            (#""tool_choice":{"type":"allowed_tools"}"#, "tool_choice.allowed_tools", "missing_required_parameter"),
            (#""response_format":{"type":"xml"}"#, "response_format.type", "invalid_value"),
            (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema", "missing_required_parameter"),
            (#""response_format":{}"#, "response_format.type", "missing_required_parameter"),
            (#""functions":[]"#, "functions", "unsupported_parameter"),
        ] as [(String, String?, String?)]
    )
    func `an invalid member`(_ member: String, _ param: String?, _ code: String?) async throws {
        try await refuse("{\"model\":\"m\",\(ChatTests.hello),\(member)}", param, code)
    }

    @Test(arguments: [
        "", "x", "[]", "\"a\"", "5", "{", #"{"model":"a","model":"b"}"#, #"{"model":"\ud800"}"#,
        #"{"x":"# + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}",
    ])
    func `a body that is not an object`(_ body: String) async throws {
        try await refuse(body, nil, nil)
    }

    private func refuse(_ body: String, _ param: String?, _ code: String?) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.chat(body)
            #expect(answer.status == 400, "\(answer.body)")
            let error = try #require(try answer.json["error"] as? [String: Any], "\(answer.body)")
            #expect(error["type"] as? String == "invalid_request_error")
            #expect(error["param"] as? String == param)
            #expect(error["code"] as? String == code)
            #expect((error["message"] as? String)?.isEmpty == false)
            #expect(gateway.services.models.asked.isEmpty)
        }
    }

    @Test(
        arguments: [
            (Fault.Code.missing, 404, "model_not_found", "false"), (.limited, 429, "rate_limit_exceeded", nil),
            (.quotaExceeded, 429, "insufficient_quota", "false"), (.unavailable, 503, "unavailable", nil),
            (.timeout, 504, "timeout", nil), (.cut, 502, "upstream_error", nil),
            (.provider, 502, "upstream_error", nil),
            (.upstreamAuth, 502, "upstream_auth", "false"), (.contextTooLong, 400, "context_length_exceeded", "false"),
            (.rejected, 400, nil, "false"), (.invalid, 400, nil, "false"), (.internal, 500, "internal_error", nil),
        ] as [(Fault.Code, Int, String?, String?)]
    )
    func `a fault has its status and code`(
        _ code: Fault.Code,
        _ status: Int,
        _ name: String?,
        _ shouldRetry: String?
    ) async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.play([], Fault(code, "It went wrong.", retryAfter: 7))
            for stream in [true, false] {
                let answer = try await gateway.chat("{\"model\":\"m\",\"stream\":\(stream),\(ChatTests.hello)}")
                #expect(answer.status == status)
                let error = try #require(try answer.json["error"] as? [String: Any])
                #expect(error["code"] as? String == name)
                #expect(error["message"] as? String == "It went wrong.")
                #expect(answer.headers.first(name: "retry-after") == "7")
                #expect(answer.headers.first(name: "x-should-retry") == shouldRetry)
            }
        }
    }

    @Test func `an error during a stream is the last frame, without [DONE]`() async throws {
        try await TestGateway.with { gateway in
            var begin = Inference.Event(text: "So far")
            begin.begin = Inference.Begin(model: "x/y", attempts: [])
            for fault in [Fault(.cut, "It broke off."), nil] {
                gateway.services.models.play([begin], fault)
                let frames = try ChatFrames(
                    try await gateway.chat("{\"model\":\"m\",\"stream\":true,\(ChatTests.hello)}").body
                )
                #expect(frames.text == "So far")
                #expect(!frames.isDone)
                #expect(frames.error?["code"] as? String == "upstream_error")
            }
        }
    }

    @Test func `unknown paths and methods, and unsupported media types`() async throws {
        try await TestGateway.with { gateway in
            let lost = try await gateway.ask(.GET, "/v1/nothing")
            #expect(lost.status == 404)
            #expect(lost.error("code") == "unknown_url")
            let wrong = try await gateway.ask(.DELETE, "/v1/chat/completions")
            #expect(wrong.status == 405)
            #expect(wrong.headers.first(name: "allow") == "POST")
            let text = try await gateway.ask(
                .POST,
                "/v1/chat/completions",
                headers: ["content-type": "text/plain"],
                body: "{}"
            )
            #expect(text.status == 415)
            #expect(text.error("code") == "unsupported_media_type")
        }
    }

    @Test func `access depends on the mode`() async throws {
        let body = "{\"model\":\"m\",\(ChatTests.hello)}"
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            gateway.services.models.say("x")
            for (token, status) in [(nil, 200), ("anything", 200), ("a.b.c", 401), ("sk-parley-unknown", 401)] {
                let answer = try await gateway.chat(body, token: token)
                #expect(answer.status == status, "\(token ?? "none")")
            }
            #expect(gateway.services.models.contexts.map { $0.principal?.user } == ["local", "local"])
            let native = try await gateway.ask(.GET, "/api/v1/chat/conversations", token: nil)
            #expect(native.status == 401)
        }
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            for token in [nil, "anything"] {
                let answer = try await gateway.chat(body, token: token)
                #expect(answer.status == 401)
                #expect(answer.error("code") == "invalid_api_key")
            }
        }
    }

    @Test func `exceeded rate limits have OpenAI's headers`() async throws {
        try await TestGateway.with(["RATE_LIMIT_PER_MINUTE": "1"]) { gateway in
            gateway.services.models.say("x")
            let first = try await gateway.chat("{\"model\":\"m\",\(ChatTests.hello)}")
            #expect(first.headers.first(name: "x-ratelimit-limit-requests") == "1")
            let second = try await gateway.chat("{\"model\":\"m\",\(ChatTests.hello)}")
            #expect(second.status == 429)
            #expect(second.headers.first(name: "x-ratelimit-remaining-requests") == "0")
            #expect(second.headers.first(name: "retry-after") != nil)
            #expect(second.headers.first(name: "x-should-retry") == nil)
            #expect(second.error("code") == "rate_limit_exceeded")
        }
    }

    @Test func `an invalid model name is rejected`() async throws {
        try await TestGateway.with { gateway in
            let name = String(repeating: "a", count: 2000)
            let answer = try await gateway.chat("{\"model\":\"\(name)\",\(ChatTests.hello)}")
            #expect(answer.status == 404)
            #expect(answer.error("code") == "model_not_found")
            #expect(gateway.services.models.asked.isEmpty)
        }
    }
}
