import Contracts
import NIOHTTP1
import TestSupport
import Testing

/// Options of `POST /v1/chat/completions`: empty values, unknown members, and those that a provider ignores.
@Suite(.timeLimit(.minutes(5))) struct OpenAIOptionTests {
    private static let header = "x-parley-ignored-options"

    private func options(_ members: String) async throws -> (options: Inference.Options, ignored: String?) {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi.")
            let answer = try await gateway.chat("{\"model\":\"m\",\(ChatTests.hello),\(members)}")
            #expect(answer.status == 200, "\(answer.body)")
            let asked = try #require(gateway.services.models.asked.first)
            return (asked.options, answer.headers.first(name: Self.header))
        }
    }

    @Test(arguments: [
        "stop", "temperature", "top_p", "top_k", "min_p", "seed", "n", "max_tokens", "max_completion_tokens",
        "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "parallel_tool_calls", "reasoning_effort",
        "stream", "store", "stream_options", "tools", "tool_choice", "response_format", "user", "metadata",
        "logit_bias", "service_tier", "functions", "function_call", "anything",
    ])
    func `an empty string and null are no value`(_ name: String) async throws {
        for value in ["\"\"", "null"] {
            let (options, ignored) = try await options("\"\(name)\":\(value)")
            #expect(options == Inference.Options(), "\(name): \(value)")
            #expect(ignored == nil)
        }
    }

    @Test(arguments: ["[]", #"[""]"#, "[null]", #"["",null,"",""]"#])
    func `stop without a text is no value`(_ value: String) async throws {
        #expect(try await options("\"stop\":\(value)").options == Inference.Options())
        #expect(try await options(#""stop":["","a",null,"b"]"#).options.stop == ["a", "b"])
    }

    @Test func `an empty type of the response format is plain text`() async throws {
        #expect(try await options(#""response_format":{"type":""}"#).options == Inference.Options())
    }

    @Test(arguments: ["/v1/chat/completions", "/v1/embeddings"])
    func `an empty model is refused by its name`(_ path: String) async throws {
        try await TestGateway.with { gateway in
            let body = #"{"model":"","input":"a","messages":[{"role":"user","content":"a"}]}"#
            let answer = try await gateway.ask(.POST, path, body: body)
            #expect(answer.status == 400)
            #expect(answer.error("param") == "model")
        }
    }

    @Test func `unknown members are passed on unchanged`() async throws {
        let (options, ignored) = try await options(
            #""logit_bias":{"50256":-100}, "repetition_penalty" : 1.1,"chat_template_kwargs":{"enable_thinking":false}"#
        )
        let wanted =
            #"{"logit_bias":{"50256":-100},"repetition_penalty":1.1,"#
            + #""chat_template_kwargs":{"enable_thinking":false}}"#
        let extra = try JSONValue(try #require(options.extra).text)
        #expect(extra == (try JSONValue(wanted)))
        #expect(ignored == nil)
    }

    @Test(arguments: [
        #""api_base":"http://evil.test""#, #""base_url":"x""#, #""baseURL":"x""#, #""api_key":"k""#,
        #""headers":{"a":"b"}"#, #""extra_headers":{"a":"b"}"#, #""proxy_url":"x""#, #""https_proxy":"x""#,
        #""organization":"o""#, #""x-upstream":"u""#, #""extra_body":{"api_base":"x"}"#, #""best_of":5"#,
        #""num_predict":100000"#, #""n_predict":5"#, #""max_new_tokens":5"#, #""streaming":true"#,
        #""models":["other"]"#, #""provider":{"order":["a"]}"#, #""chat_template":"{{ x }}""#,
        #""callback":"x""#, #""harmless":"https://evil.test/""#, #""harmless":"\u0068ttp:\/\/evil.test""#,
        #""harmless":{"a":[{"api_base":1}]}"#, #""harmless":{"a":["ftp://evil.test"]}"#, #""modalities":["audio"]"#,
    ])
    func `members that could choose a server or raise the cost are never passed on`(_ member: String) async throws {
        let (options, ignored) = try await options(member)
        #expect(options.extra == nil, "\(member)")
        #expect(ignored.map { member.hasPrefix("\"\($0)\"") } == true, "\(ignored ?? "none")")
    }

    @Test func `user and metadata stay here`() async throws {
        let (options, ignored) = try await options(#""user":"ann","metadata":{"a":"b"}"#)
        #expect(options == Inference.Options())
        #expect(ignored == nil)
    }

    @Test func `unknown members are bounded in number and size`() async throws {
        let many = (0..<200).map { "\"option_\($0)\":\($0)" }.joined(separator: ",")
        let (options, ignored) = try await options(many)
        #expect(options.extra?.text.split(separator: ",").count == 32)
        #expect(ignored?.hasPrefix("option_32, option_33") == true)
        let long = try await self.options("\"long\":\"\(String(repeating: "a", count: 20_000))\",\"short\":1")
        #expect(long.options.extra?.text == #"{"short":1}"#)
        #expect(long.ignored == "long")
        let odd = try await self.options(#""line\nbreak":1,"Ünknown":1,"":1"#)
        #expect(odd.options.extra == nil && odd.ignored == nil)
    }

    @Test(arguments: [true, false])
    func `options that the provider does not support are named in a header`(_ streams: Bool) async throws {
        try await TestGateway.with { gateway in
            var life = Inference.Event()
            life.progress = Inference.Progress(queuePosition: 3)
            var begin = Inference.Event(text: "Hi.")
            begin.begin = Inference.Begin(model: "x/y", attempts: [], ignoredOptions: ["top_k", "logit_bias"])
            let finish = Inference.Event(finish: Inference.Finish(reason: .stop, model: "x/y", usage: nil))
            gateway.services.models.play((streams ? [life, life] : []) + [begin, finish])
            let body = "{\"model\":\"m\",\"stream\":\(streams),\"api_base\":\"x\",\(ChatTests.hello)}"
            let answer = try await gateway.chat(body)
            #expect(answer.headers.first(name: Self.header) == "api_base, top_k, logit_bias")
            if streams { #expect(try ChatFrames(answer.body).text == "Hi.") }
        }
    }

    @Test func `a fault after signs of life has its status`() async throws {
        try await TestGateway.with { gateway in
            var life = Inference.Event()
            life.progress = Inference.Progress()
            gateway.services.models.play([life], Fault(.limited, "Too many.", retryAfter: 3))
            let answer = try await gateway.chat("{\"model\":\"m\",\"stream\":true,\(ChatTests.hello)}")
            #expect(answer.status == 429)
        }
    }
}
