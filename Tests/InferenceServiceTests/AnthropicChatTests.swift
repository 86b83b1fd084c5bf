import Bus
import Contracts
import HTTP
import TestSupport
import Testing

@testable import InferenceService

/// Anthropic over a socket.
@Suite(.timeLimit(.minutes(5))) struct AnthropicChatTests {
    private static let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))

    private static func provider(_ url: String, key: String? = "a-key") throws -> AnthropicProvider {
        try AnthropicProvider(url: url, key: key, client: client)
    }

    private static func generate(
        _ provider: AnthropicProvider,
        _ request: Inference.Generate
    ) async throws -> Inference.Answer {
        let model = String(request.model?.split(separator: "/").last ?? "claude-sonnet-4-5")
        let prompt = try GenerationRequest(request).prompt(
            model: model,
            responseTimeout: .seconds(30)
        ).adapted(to: "anthropic")
        let stream = try await provider.generate(prompt)
        defer { stream.close() }
        var builder = AnswerBuilder()
        for try await event in stream { builder.add(event) }
        return try builder.answer()
    }

    private static func ask(
        _ text: String,
        _ url: String,
        model: String = "claude-sonnet-4-5"
    ) async throws -> Inference.Answer {
        let request = Inference.Generate(model: model, messages: [.init(role: .user, content: text)])
        return try await generate(provider(url), request)
    }

    @Test func `an answer, and the headers of the request`() async throws {
        try await withFakeAnthropic { anthropic in
            let answer = try await Self.ask("Hello you", anthropic.url)
            #expect(answer.text == "The fake claude-sonnet-4-5 heard: Hello you" && answer.finish.reason == .stop)
            let request = try #require(anthropic.requests("/v1/messages").last)
            #expect(request.headers["x-api-key"] == "a-key" && request.headers["anthropic-version"] == "2023-06-01")
            #expect(request.headers["authorization"] == nil)
        }
    }

    @Test func `models are listed page by page with their windows and abilities`() async throws {
        try await withFakeAnthropic { anthropic in
            let provider = try Self.provider(anthropic.url)
            let models = try await provider.models()
            #expect(models.map(\.name).contains("anthropic/claude-opus-5") && models.count == 6)
            #expect(models.first { $0.name == "anthropic/claude-opus-5" }?.window == 1_000_000)
            #expect(models.last?.abilities == [.chat, .images, .tools])
            anthropic.always("/v1/models") { request in
                let isFirst = !request.query.contains("after_id=b%2Fc")
                return .json(
                    200,
                    isFirst
                        ? #"{"data":[{"id":"claude-a"},{"id":"b/c"}],"has_more":true,"last_id":"b/c"}"#
                        : #"{"data":[{"id":"claude-d"},17],"has_more":false,"last_id":"claude-d"}"#
                )
            }
            #expect(
                try await provider.models().map(\.name) == [
                    "anthropic/claude-a", "anthropic/b/c", "anthropic/claude-d",
                ]
            )
            let one = try await provider.model("claude-haiku-4-5-20251001")
            #expect(one.window == 200_000 && one.abilities?.contains(.reasoning) == true)
        }
    }

    @Test(arguments: ["claude-sonnet-4-5", "claude-opus-5"])
    func `thinking returns to the provider within the tool loop`(_ model: String) async throws {
        try await withFakeAnthropic { anthropic in
            let provider = try Self.provider(anthropic.url)
            var request = Inference.Generate(
                model: "anthropic/\(model)",
                messages: [.init(role: .user, content: "Weather?")],
                tools: RawJSON(
                    #"[{"type":"function","function":{"name":"get.weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]"#
                )
            )
            request.options.reasoningEffort = "high"
            let first = try await Self.generate(provider, request)
            #expect(first.reasoning?.isEmpty == false && first.finish.reason == .toolCalls)
            let call = try #require(first.toolCalls?.first)
            #expect(call.function.name == "get.weather")
            var answer = Inference.Message(role: .assistant, content: nil, toolCalls: first.toolCalls)
            (answer.reasoning, answer.parts, answer.model) = (first.reasoning, first.parts, first.finish.model)
            request.messages += [answer, .init(role: .tool, content: .text("Sunny"), toolCallID: call.id)]
            let second = try await Self.generate(provider, request)
            #expect(second.text?.contains("Sunny") == true)
            let body = try #require(anthropic.requests("/v1/messages").last?.body)
            #expect(body.contains("\"type\":\"thinking\"") && body.contains("\"signature\""))
            // Another provider's answer: the request succeeds without its thinking.
            request.messages[1].model = "openai/gpt-5"
            #expect(try await Self.generate(provider, request).text?.contains("Sunny") == true)
            #expect(anthropic.requests("/v1/messages").last?.body.contains("\"type\":\"thinking\"") == false)
        }
    }

    @Test(arguments: [
        (400, "invalid_request_error", "messages: bad", Cause.rejected),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", .contextTooLong),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", .spent),
        (401, "authentication_error", "invalid x-api-key", .credential), (402, "billing_error", "Pay", .spent),
        (403, "permission_error", "No", .credential), (404, "not_found_error", "model: claude-9", .modelMissing),
        (413, "request_too_large", "Too large", .tooLarge), (429, "rate_limit_error", "Slower", .limited),
        (500, "api_error", "Oh", .failed), (504, "timeout_error", "Late", .overloaded),
        (529, "overloaded_error", "Overloaded", .overloaded),
    ])
    func `errors by status`(_ status: Int, _ type: String, _ message: String, _ cause: Cause) async throws {
        try await withFakeAnthropic { anthropic in
            anthropic.next(nil, .anthropicError(status, type, message, headers: ["retry-after: 7"]))
            let error = await #expect(throws: ProviderError.self) { try await Self.ask("Hi", anthropic.url) }
            #expect(error?.cause == cause && error?.status == status)
            #expect(error?.delay == (cause == .spent ? nil : .seconds(7)))
            #expect(error?.fault.message.contains("Anthropic") == true)
        }
    }

    @Test func `an error page and a body that is no JSON`() async throws {
        try await withFakeAnthropic { anthropic in
            anthropic.next(nil, .anthropicMessage("<html>Bad gateway</html>", status: 502))
            let error = await #expect(throws: ProviderError.self) { try await Self.ask("Hi", anthropic.url) }
            #expect(error?.cause == .overloaded && error?.fault.message.contains("html") == false)
        }
    }

    @Test func `a stream cut at any byte is complete or broken off`() async throws {
        let answer = FakeResponse.anthropicStream(AnthropicDecoderTests.rich)
        try await withFakeAnthropic { anthropic in
            for count in stride(from: answer.headLength, to: answer.bytes.count, by: 7) {
                anthropic.next(nil, answer.cut(after: count, .close))
                do {
                    try AnthropicDecoderTests.checkRich(try await Self.ask("Hi", anthropic.url))
                } catch let error as ProviderError {
                    #expect([.broken, .unreadable].contains(error.cause), "Cut after \(count): \(error)")
                }
            }
        }
    }
}
