import Bus
import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// Health and prompts of seed 000, with scripted services.
@Suite(.timeLimit(.minutes(5)))
struct APIGatewayTests {
    private static let prompt = #"{"model":"gemma2:2b","text":"Hello","username":"user123"}"#
    private static let own = #"{"model":"gemma2:2b","text":"Hello"}"#

    @Test func `health is a JSON string, and browsers get the documentation`() async throws {
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            let health = try await gateway.ask(.GET, "/", token: nil, headers: ["accept": "*/*"])
            #expect(health.status == 200 && health.body == #""Apigateway is running""#)
            #expect(health.headers["content-type"] == ["application/json"] && health.headers["vary"] == ["accept"])
            let page = try await gateway.ask(.GET, "/", token: nil, headers: ["accept": "text/html,*/*;q=0.8"])
            #expect(page.status == 307 && page.headers["location"] == ["/docs"] && page.headers["vary"] == ["accept"])
        }
    }

    @Test func `a prompt continues the conversation of the named user`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.POST, "/api/prompt/", token: nil, body: Self.prompt)
            #expect(answer.status == 200 && answer.body == #"{"model":"gemma2:2b","text":"Hi."}"#)
            #expect(answer.headers["content-type"] == ["application/json"])
            let open = try #require(gateway.services.received(Conversations.Open.self).first)
            #expect(open.persona == Persona.BuiltIn.continuation && !open.opensAnother)
            let options = Run.Options(model: "gemma2:2b")
            let content = Message.Content(text: "Hello")
            #expect(
                gateway.services.starts == [
                    Runs.Start(conversation: Sample.conversation.id, content: content, options: options)
                ]
            )
            #expect(gateway.services.contexts.allSatisfy { $0.principal?.user == "user123" })
        }
    }

    @Test func `without a user name the conversation is the caller's own`() async throws {
        for body in [Self.own, #"{"model":"m","text":"","username":null,"more":1}"#] {
            try await TestGateway.with { gateway in
                let anonymous = try await gateway.ask(.POST, "/api/prompt/", token: nil, body: body)
                let own = try await gateway.ask(.POST, "/api/prompt/", body: body)
                #expect(anonymous.status == 200 && own.status == 200)
                #expect(gateway.services.contexts.map(\.principal?.user) == ["local", "local", "alice", "alice"])
            }
        }
    }

    @Test(arguments: ["open", "required"])
    func `with a credential, only admins name other users`(_ mode: String) async throws {
        try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
            let foreign = try await gateway.ask(.POST, "/api/prompt/", body: Self.prompt)
            #expect(foreign.status == 403 && foreign.body.hasPrefix(#"{"error":"Forbidden","details":""#))
            let token = TestGateway.token("user123")
            #expect(try await gateway.ask(.POST, "/api/prompt/", token: token, body: Self.prompt).status == 200)
            let admin = TestGateway.token(role: "admin")
            #expect(try await gateway.ask(.POST, "/api/prompt/", token: admin, body: Self.prompt).status == 200)
            #expect(gateway.services.contexts.allSatisfy { $0.principal?.user == "user123" })
        }
    }

    @Test func `required mode needs a credential, with the error of this surface`() async throws {
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            let answer = try await gateway.ask(.POST, "/api/prompt/", token: nil, body: Self.prompt)
            #expect(answer.status == 401 && answer.headers["www-authenticate"] == ["Bearer"])
            #expect(answer.body == #"{"error":"Unauthorized","details":"Missing authorization header"}"#)
        }
    }

    @Test(arguments: [
        ("", "body: Field required."), ("null", "body: Field required."),
        ("[]", "body: Input should be a valid dictionary or object to extract fields from."),
        ("{}", "model: Field required. text: Field required."),
        (#"{"model":"m"}"#, "text: Field required."), (#"{"text":"x"}"#, "model: Field required."),
        (#"{"model":"","text":"x"}"#, "model: String should have at least 1 character."),
        (#"{"model":"m","text":3}"#, "text: Input should be a valid string."),
        (
            #"{"model":["m"],"text":null}"#,
            "model: Input should be a valid string. text: Input should be a valid string."
        ),
        (#"{"model":"m","text":"x","username":7}"#, "username: Input should be a valid string."),
        (#"{"model":"m","text":"x","username":""}"#, "A user name must have 1 to 255 bytes and no control characters."),
        (
            #"{"model":"m","text":"x","username":"a\u0007"}"#,
            "A user name must have 1 to 255 bytes and no control characters."
        ),
        (#"{"model":"m","text":"x""#, "character 23: The body is not valid JSON."),
        (#"{"model":"m","text":"x","text":"y"}"#, "character 24: The body is not valid JSON."),
    ])
    func `an invalid request is 400 and names what is wrong`(_ body: String, _ details: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.POST, "/api/prompt/", token: nil, body: body)
            #expect(answer.status == 400)
            #expect(answer.body == #"{"error":"Invalid request","details":"\#(details)"}"#)
            #expect(gateway.services.starts.isEmpty)
        }
    }

    @Test(arguments: [
        (Fault(.missing, "There is no model x."), 404, "Not Found"),
        (Fault(.provider, "Broken."), 500, "HTTP error occurred"),
        (Fault(.unavailable, "Down.", retryAfter: 2), 500, "HTTP error occurred"),
        (Fault(.limited, "Busy.", retryAfter: 2), 500, "HTTP error occurred"),
        (Fault(.unauthorized, "The key of the provider is wrong."), 500, "HTTP error occurred"),
        (Fault(.contextTooLong, "Too long."), 400, "Invalid request"),
    ])
    func `a failed run is an error with a status`(_ fault: Fault, _ status: Int, _ title: String) async throws {
        try await TestGateway.with { gateway in
            gateway.services.end(Run.End(status: .failed, assistantMessage: nil, fault: fault))
            let answer = try await gateway.ask(.POST, "/api/prompt/", token: nil, body: Self.prompt)
            #expect(answer.status == status)
            #expect(answer.body == #"{"error":"\#(title)","details":"\#(fault.message)"}"#)
            #expect(answer.headers["retry-after"] == (fault.retryAfter.map { [String($0)] } ?? []))
        }
    }

    @Test(arguments: [
        (Fault(.unavailable, "Down."), 500), (Fault(.unreachable, "Gone."), 500), (Fault(.limited, "Busy."), 429),
        (Fault(.keyReused, "Other body."), 400), (Fault(.full, "Full."), 500), (Fault(.tooLarge, "Large."), 413),
    ])
    func `a refused run is an error with a status`(_ fault: Fault, _ status: Int) async throws {
        try await TestGateway.with { gateway in
            gateway.services.fail(fault)
            let answer = try await gateway.ask(.POST, "/api/prompt/", token: nil, body: Self.prompt)
            #expect(answer.status == status)
            let keys = try Set(answer.json.keys)
            #expect(keys == ["error", "details"])
        }
    }

    @Test func `both forms of a path work`() async throws {
        try await TestGateway.with { gateway in
            for path in ["/api/prompt", "/api/pull", "/api/delete", "/api/create"] {
                let answer = try await gateway.ask(.POST, path, token: nil, body: Self.prompt)
                #expect(answer.status == 307 && answer.headers["location"] == [path + "/"])
            }
            let unknown = try await gateway.ask(.POST, "/api/prompt/x", token: nil)
            #expect(unknown.status == 404)
            #expect(unknown.body == #"{"error":"Not Found","details":"There is no such path."}"#)
            let method = try await gateway.ask(.GET, "/api/prompt/", token: nil)
            #expect(method.status == 405 && method.headers["allow"] == ["POST"])
            let keys = try Set(method.json.keys)
            #expect(keys == ["error", "details"])
        }
    }

    @Test func `speech answers what is missing`() async throws {
        try await TestGateway.with { gateway in
            let requests: [(HTTPMethod, String)] = [
                (.GET, "/proxy-transcribe"), (.POST, "/proxy-send-transcription"), (.GET, "/audio/user123"),
            ]
            for (method, path) in requests {
                let answer = try await gateway.ask(method, path, token: nil)
                #expect(answer.status == 501)
                #expect(answer.body.hasPrefix(#"{"error":"Not Implemented","details":"Speech is not available"#))
            }
        }
    }
}
