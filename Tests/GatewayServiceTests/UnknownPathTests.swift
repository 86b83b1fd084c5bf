import NIOHTTP1
import TestSupport
import Testing

/// Paths that the interface of OpenAI's API does not have: the message says what to use instead.
@Suite(.timeLimit(.minutes(5))) struct UnknownPathTests {
    @Test(
        arguments: [
            ("//v1/chat/completions", "Did you mean /v1/chat/completions?"),
            ("/v1/v1/chat/completions", "Did you mean /v1/chat/completions?"),
            ("/v1/v1/v1/embeddings/", "Did you mean /v1/embeddings?"),
            ("/v1//chat//completions?x=y", "Did you mean /v1/chat/completions?"),
            ("/v1/chat/completions//", "Did you mean /v1/chat/completions?"),
            ("/V1/Chat/Completions", "Did you mean /v1/chat/completions?"),
            ("/v1/CHAT/completions", "Did you mean /v1/chat/completions?"),
            ("/chat/completions", "Did you mean /v1/chat/completions?"),
            ("/embeddings", "Did you mean /v1/embeddings?"), ("/v1/openai/models", "Did you mean /v1/models?"),
            ("/v1%2Fchat/completions", "This server has"), ("/v1", "This server has"),
            ("/v1/nothing", "This server has"),
            ("/v1/responses", "POST /v1/chat/completions instead of the Responses API"),
            ("/responses", "POST /v1/chat/completions instead of the Responses API"),
            ("/v1/responses/resp_1/cancel", "set_default_openai_api"),
            ("/v1/completions", "POST /v1/chat/completions with `messages`"),
            ("/v1/engines/ada/embeddings", "POST /v1/embeddings"), ("/v1/moderations", "moderation prompt"),
            ("/v1/images/generations", "Images cannot be generated"), ("/v1/audio/transcriptions", "`input_audio`"),
            ("/v1/assistants", "Assistants API"), ("/v1/threads/t/runs", "/api/v1/chat/conversations"),
            ("/v1/files", "Files cannot be stored"), ("/v1/batches", "Batches are not available"),
            ("/v1/messages", "Anthropic's Messages API"), ("/v1/vector_stores", "POST /v1/embeddings"),
            ("/v1/fine_tuning/jobs", "cannot be trained"), ("/v1/realtime/sessions", "`stream`"),
        ] as [(String, String)]
    )
    func `an unknown path is 404 in OpenAI's format`(_ path: String, _ advice: String) async throws {
        try await TestGateway.with { gateway in
            for token in [TestGateway.token(), nil] {
                // More than the limit of other surfaces: the path is wrong, not the size.
                let body = String(repeating: " ", count: 1_500_000)
                let answer = try await gateway.ask(.POST, path, token: token, body: body)
                #expect(answer.status == 404)
                #expect(answer.error("code") == "unknown_url")
                #expect(answer.error("type") == "invalid_request_error")
                #expect(answer.error("message")?.contains(advice) == true, "\(answer.body)")
                #expect(answer.error("message")?.hasPrefix("Unknown request URL: POST /") == true, "\(answer.body)")
                #expect(answer.headers.first(name: "x-should-retry") == "false")
            }
        }
    }

    @Test func `a trailing slash is no other path`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi.")
            let body = "{\"model\":\"m\",\(ChatTests.hello)}"
            let chat = try await gateway.ask(.POST, "/v1/chat/completions/", body: body)
            let models = try await gateway.ask(.GET, "/v1/models/")
            #expect([chat.status, models.status] == [200, 200])
        }
    }

    @Test func `other surfaces keep their paths and their errors`() async throws {
        try await TestGateway.with { gateway in
            let wrongMethod = try await gateway.ask(.POST, "/chat/some-session", body: "{}")
            #expect(wrongMethod.status == 405)
            #expect(wrongMethod.error("code") == nil)
            let unknown = try await gateway.ask(.GET, "/API/V1/nothing")
            #expect(unknown.status == 404 && unknown.isEnvelope)
            #expect(try await gateway.ask(.GET, "/conversation/a/b/c").body == #"{"detail":"Not Found"}"#)
        }
    }
}
