import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// The same odd responses in every dialect: errors in flat spellings, empty texts, other framings, impossible counts.
@Suite(.timeLimit(.minutes(5))) struct UpstreamDialectReportTests {
    private static let long =
        "This model's maximum context length is 163840 tokens. However, you requested 170000 tokens."

    /// Returns what the caller gets, and how often the server was asked.
    private func ask(_ dialect: FakeDialect, _ answer: FakeResponse) async throws -> (outcome: Outcome, count: Int) {
        var result = (outcome: Outcome(), count: 0)
        try await dialect.withServer { server in
            server.always(dialect.path, answer)
            let provider = try dialect.provider(at: server.url, client: Upstream.nobody.client)
            let runtime = ProviderRuntime(
                provider: provider,
                limits: GenerationTimeouts(),
                concurrency: 8,
                queueLimit: 8
            )
            let catalogue = Catalogue(providers: [provider], defaultModel: nil)
            let retries = RetryPolicy(limit: 2, firstPause: .milliseconds(1))
            let routing = Routing(catalogue: catalogue, runtimes: [runtime], retries: retries)
            result.outcome = try await routing.outcome(question(model: dialect.model))
            result.count = server.requests(dialect.path).count
        }
        return result
    }

    @Test(
        arguments: FakeDialect.allCases,
        [
            #"{"choices":null,"error_type":"BadRequestError","error_message":"\#(long)"}"#,
            #"{"code":"InvalidParameter","message":"\#(long)"}"#, #"{"detail":"\#(long)"}"#, #"{"msg":"\#(long)"}"#,
            #"{"errors":[{"message":"\#(long)"}]}"#, #"{"object":"error","message":"\#(long)"}"#,
            #"{"error":{"message":"\#(long)","code":400}}"#, #"{"error":"\#(long)"}"#,
        ]
    )
    func `an error in any spelling is asked for once, and keeps its words`(
        _ dialect: FakeDialect,
        _ error: String
    ) async throws {
        let (outcome, count) = try await ask(dialect, dialect.stream(error))
        #expect(outcome.fault?.code == .contextTooLong, "\(outcome.fault?.message ?? "none")")
        #expect(outcome.fault?.message.contains("maximum context length is 163840") == true)
        #expect(count == 1)
        let late = try await ask(dialect, dialect.stream(dialect.text("So far"), error))
        #expect(late.outcome.text == "So far")
        #expect(late.outcome.fault?.code == .contextTooLong)
    }

    @Test(arguments: FakeDialect.allCases)
    func `an event of the kind error is one in every dialect`(_ dialect: FakeDialect) async throws {
        let body = "id:1\nevent:error\n:HTTP_STATUS/400\ndata:{\"code\":\"x\",\"message\":\"\(Self.long)\"}\n\n"
        let (outcome, count) = try await ask(dialect, .labelled(body, "text/event-stream"))
        #expect(outcome.fault?.code == .contextTooLong, "\(outcome.fault?.message ?? "none")")
        #expect(count == 1)
    }

    @Test(arguments: [
        (
            FakeDialect.ollama,
            [
                #"{"message":{"content":"Hel"},"done":false,"done_reason":"","error":""}"#,
                #"{"message":{"content":"lo","thinking":"","tool_calls":""},"done":true,"done_reason":"","error":""}"#,
            ]
        ),
        (
            .gemini,
            [
                #"{"error":"","candidates":[{"index":1,"content":{"parts":[{"text":"no"}]}},"#
                    + #"{"content":{"parts":[{"text":"Hel"}]},"finishReason":"","index":0}],"code":"","message":""}"#,
                #"{"error":{},"candidates":[{"content":{"parts":[{"text":"lo"}]},"finishReason":"STOP","#
                    + #""finishMessage":""}],"promptFeedback":{"blockReason":""}}"#,
            ]
        ),
    ])
    func `an empty text means the same as null`(_ dialect: FakeDialect, _ frames: [String]) async throws {
        let (outcome, count) = try await ask(dialect, dialect.stream(frames))
        #expect(outcome.text == "Hello")
        #expect(outcome.finish?.reason == .stop)
        #expect(count == 1)
    }

    @Test func `Ollama's lines are understood as events, as an array and over several lines`() async throws {
        let lines = FakeResponse.chatLines(["Hel", "lo"])
        let whole = FakeResponse.chatLines(["Hello"]).joined(separator: ",\n")
        let bodies = [
            lines.map { "data: \($0)\n\n" }.joined() + "data: [DONE]\n\n", lines.joined(separator: "\n"),
            "[\n\(lines.joined(separator: ",\n"))\n]\n", "[\(whole)]",
            lines.map { $0.replacing("{", with: "{\n") }.joined(separator: "\n"),
        ]
        for body in bodies {
            for type in ["application/json", "text/event-stream", nil] {
                let (outcome, count) = try await ask(.ollama, .labelled(body, type))
                #expect(outcome.text == "Hello", "\(body)")
                #expect(outcome.finish?.reason == .stop, "\(body)")
                #expect(count == 1)
            }
        }
    }

    @Test(arguments: [
        (FakeDialect.ollama, #""prompt_eval_count":12,"eval_count":null"#), (.ollama, #""eval_count":0"#),
        (.ollama, #""prompt_eval_count":12,"eval_count":-4"#), (.ollama, #""eval_count":12345678901"#),
        (.gemini, #""promptTokenCount":12,"candidatesTokenCount":null"#),
        (.gemini, #""promptTokenCount":12,"candidatesTokenCount":0,"totalTokenCount":12"#),
        (.gemini, #""promptTokenCount":12,"candidatesTokenCount":5,"totalTokenCount":3"#),
        (.gemini, #""promptTokenCount":"12","candidatesTokenCount":999999999"#),
    ])
    func `impossible counts are replaced by estimates`(_ dialect: FakeDialect, _ counts: String) async throws {
        let text = String(repeating: "word ", count: 40)
        let last =
            dialect == .ollama
            ? "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\(counts)}"
            : "{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\(counts)}}"
        let (outcome, _) = try await ask(dialect, dialect.stream(dialect.text(text), last))
        let usage = try #require(outcome.finish?.usage)
        #expect(usage.isEstimated)
        #expect(usage.completionTokens == TokenEstimate.tokens(inAnswerOf: text.utf8.count))
        #expect(usage.promptTokens > 0)
    }
}
