import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// Seed 002: prompts to an agent with tools, and its conversations.
@Suite(.timeLimit(.minutes(5)))
struct FunctionAgentTests {
    private static let id = Sample.conversation.id.description
    /// The turn of the document's example.
    private static let steps = [
        Sample.called("", ("recall_memory", #"{"query": "The User favorite flavor of apple"}"#)),
        Sample.result("[\n  \"The user prefers gala apples\"\n]", of: "recall_memory"),
    ]
    /// The same turn as the document shows it.
    private static let shown = [
        #"{"role":"assistant","tool_calls":[{"id":"call_0","function":{"arguments":"{\"query\": \"The User favorite "#
            + #"flavor of apple\"}","name":"recall_memory"},"type":"function"}],"content":""}"#,
        #"{"role":"tool","name":"recall_memory","content":"[\n  \"The user prefers gala apples\"\n]","tool_call_id":"call_0"}"#,
        #"{"content":"Hi.","role":"assistant"}"#,
    ]

    private static func with(
        _ settings: [String: String] = ["AUTH_MODE": "open"],
        persona: Persona.ID = Persona.BuiltIn.functionAgent,
        user: String = "local",
        _ body: (TestGateway) async throws -> Void
    ) async throws {
        try await TestGateway.with(settings, services: ScriptedServices(ScriptedSession(persona, user: user)), body)
    }

    @Test func `a prompt opens a conversation and returns the new messages in the observed form`() async throws {
        try await Self.with { gateway in
            gateway.services.play(.events(Sample.turn(Self.steps.map { Run.Event(number: 0, step: $0) })))
            let answer = try await gateway.ask(
                .POST,
                "/prompt?prompt=What%20is%20my%20favorite%20flavor+of+apple%3F",
                token: nil,
                headers: ["content-type": "application/x-www-form-urlencoded"],
                body: "ignored=1"
            )
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "content-type") == "application/json")
            #expect(answer.headers.first(name: "x-parley-conversation") == Self.id)
            #expect(
                answer.body
                    == "{\"conversation_id\":\"\(Self.id)\",\"new_messages\":[\(Self.shown.joined(separator: ","))]}"
            )
            #expect(!answer.body.contains("reasoning"))
            let opened = try #require(gateway.services.session).opened
            #expect(opened.map(\.user) == ["local"])
            #expect(opened.first?.request.persona == Persona.BuiltIn.functionAgent)
            #expect(opened.first?.request.opensAnother == true)
            #expect(gateway.services.starts.map(\.content?.text) == ["What is my favorite flavor of apple?"])
        }
    }

    @Test func `a prompt continues a conversation by any form of its id`() async throws {
        try await Self.with { gateway in
            for id in [Self.id, Self.id.uppercased(), Self.id.replacing("-", with: "")] {
                gateway.services.play(.events(Sample.turn([])))
                let answer = try await gateway.ask(.POST, "/prompt?prompt=Thanks&conversation_id=\(id)", token: nil)
                #expect(answer.status == 200)
                #expect(
                    answer.body == "{\"conversation_id\":\"\(Self.id)\",\"new_messages\":[\(Self.shown[2])]}"
                )
            }
            #expect(gateway.services.session?.opened.isEmpty == true)
        }
    }

    @Test func `an empty prompt is 400, a missing one 422, an unknown conversation 404, another method 405`()
        async throws
    {
        try await Self.with { gateway in
            for query in ["prompt=", "prompt=&conversation_id=x", "prompt"] {
                let answer = try await gateway.ask(.POST, "/prompt?\(query)", token: nil, body: "{}")
                #expect(answer.status == 400 && answer.body == #"{"detail":"Prompt cannot be empty"}"#)
            }
            let missing = try await gateway.ask(.POST, "/prompt", token: nil, body: #"{"prompt":"Hi"}"#)
            #expect(missing.status == 422)
            #expect(
                missing.body
                    == #"{"detail":[{"type":"missing","loc":["query","prompt"],"msg":"Field required","input":null}]}"#
            )
            for id in ["", "x", "../config", Conversation.ID().description, "%00"] {
                let answer = try await gateway.ask(.POST, "/prompt?prompt=Hi&conversation_id=\(id)", token: nil)
                #expect(answer.status == 404 && answer.body == #"{"detail":"Conversation not found"}"#, "\(id)")
            }
            for id in ["x", "config.json", Conversation.ID().description] {
                let answer = try await gateway.ask(.GET, "/conversation/\(id)", token: nil)
                #expect(answer.status == 404 && answer.body == #"{"detail":"Conversation not found"}"#, "\(id)")
            }
            let get = try await gateway.ask(.GET, "/prompt?prompt=Hi", token: nil)
            #expect(get.status == 405 && get.body == #"{"detail":"Method Not Allowed"}"#)
            #expect(get.headers.first(name: "allow") == "POST")
            let slash = try await gateway.ask(.POST, "/prompt/?prompt=Hi", token: nil)
            #expect(slash.status == 307 && slash.headers.first(name: "location") == "/prompt?prompt=Hi")
            #expect(gateway.services.starts.isEmpty)
        }
    }

    @Test func `a conversation is shown whole, with its system prompt`() async throws {
        try await Self.with { gateway in
            let begin =
                "{\"conversation_id\":\"\(Self.id)\",\"messages\":["
                + #"{"role":"system","content":"You are \"scripted\".\n"}"#
            let empty = try await gateway.ask(.GET, "/conversation/\(Self.id)", token: nil)
            #expect(empty.status == 200 && empty.body == begin + "]}")
            let question = #"{"role":"user","content":"What is my favorite flavor of apple?"}"#
            let turn =
                [Sample.said(.user, "What is my favorite flavor of apple?")] + Self.steps
                + [Sample.said(.assistant, "Hi.")]
            let session = try #require(gateway.services.session)
            for pageSize in [1, 3, 200] {
                session.store(turn, pageSize: pageSize)
                let answer = try await gateway.ask(.GET, "/conversation/\(Self.id)", token: nil)
                #expect(answer.body == begin + "," + ([question] + Self.shown).joined(separator: ",") + "]}")
            }
        }
    }

    @Test func `text and several calls are one message, and a result without an id has none`() async throws {
        try await Self.with { gateway in
            let turn = [
                Sample.called("Both.", ("a", ""), ("b", "no JSON")), Sample.result("1", of: "a", nil),
                Sample.result("2", of: "b", "call_1"),
            ]
            try #require(gateway.services.session).store(turn)
            let answer = try await gateway.ask(.GET, "/conversation/\(Self.id)", token: nil)
            let calls =
                #"[{"id":"call_0","function":{"arguments":"","name":"a"},"type":"function"},"#
                + #"{"id":"call_1","function":{"arguments":"no JSON","name":"b"},"type":"function"}]"#
            let expected = [
                "{\"role\":\"assistant\",\"tool_calls\":\(calls),\"content\":\"Both.\"}",
                #"{"role":"tool","name":"a","content":"1"}"#,
                #"{"role":"tool","name":"b","content":"2","tool_call_id":"call_1"}"#,
            ]
            #expect(answer.body.hasSuffix("," + expected.joined(separator: ",") + "]}"))
        }
    }

    @Test func `a failed turn is 502 with the conversation in a header, and a stopped one has what there is`()
        async throws
    {
        try await Self.with { gateway in
            let fault = Fault(.provider, "The model said no.", retryAfter: 2)
            gateway.services.play(.events(Sample.turn([], end: Sample.failure(fault, text: "Hel"))))
            let failed = try await gateway.ask(.POST, "/prompt?prompt=Hi", token: nil)
            #expect(failed.status == 502 && failed.body == #"{"detail":"The model said no."}"#)
            #expect(failed.headers.first(name: "x-parley-conversation") == Self.id)
            #expect(failed.headers.first(name: "retry-after") == "2")
            gateway.services.play(.fail(Fault(.limited, "Too many runs.", retryAfter: 1)))
            let limited = try await gateway.ask(.POST, "/prompt?prompt=Hi", token: nil)
            #expect(limited.status == 429 && limited.body == #"{"detail":"Too many runs."}"#)
            #expect(limited.headers.first(name: "x-parley-conversation") == Self.id)
            gateway.services.play(.events(Array(Sample.turn([Run.Event(number: 2, text: "Hel")]).dropLast())))
            #expect(try await gateway.ask(.POST, "/prompt?prompt=Hi", token: nil).status == 503)
            var stopped = Sample.end
            stopped.status = .stopped
            stopped.assistantMessage = nil
            gateway.services.play(.events(Sample.turn([], end: stopped)))
            let answer = try await gateway.ask(.POST, "/prompt?prompt=Hi", token: nil)
            #expect(answer.status == 200 && answer.body == "{\"conversation_id\":\"\(Self.id)\",\"new_messages\":[]}")
        }
    }

    @Test func `only the caller's conversations with the agent are found`() async throws {
        let admin = TestGateway.token("root", role: "admin")
        try await Self.with(user: "alice") { (gateway) async throws -> Void in
            for (token, status) in [
                (nil, 404), (TestGateway.token("bob"), 404), (admin, 404), (TestGateway.token(), 200),
            ] {
                gateway.services.play(.events(Sample.turn([])))
                let path = "/prompt?prompt=Hi&conversation_id=\(Self.id)"
                #expect(try await gateway.ask(.POST, path, token: token).status == status)
                #expect(try await gateway.ask(.GET, "/conversation/\(Self.id)", token: token).status == status)
            }
        }
        try await Self.with(persona: Persona.BuiltIn.sitcomTrivia) { (gateway) async throws -> Void in
            #expect(try await gateway.ask(.GET, "/conversation/\(Self.id)", token: nil).status == 404)
        }
        try await Self.with(["AUTH_MODE": "required"], user: "alice") { (gateway) async throws -> Void in
            #expect(try await gateway.ask(.POST, "/prompt?prompt=Hi", token: nil).status == 401)
            #expect(try await gateway.ask(.GET, "/conversation/\(Self.id)", token: nil).status == 401)
            #expect(try await gateway.ask(.GET, "/conversation/\(Self.id)").status == 200)
        }
    }

    @Test func `a repeated request has the same idempotency key, and a client that leaves closes the stream`()
        async throws
    {
        try await Self.with { gateway in
            gateway.services.play(.hang)
            let waiting = Task {
                try await gateway.ask(.POST, "/prompt?prompt=Hi", token: nil, headers: ["idempotency-key": "k-1"])
            }
            try await eventually("The turn begins") { gateway.services.starts.count == 1 }
            waiting.cancel()
            try await eventually("The stream is closed") { gateway.services.left == 1 }
            #expect(gateway.services.session?.opened.map(\.request.key) == ["k-1"])
            #expect(gateway.services.starts.map(\.key) == ["k-1"])
        }
    }
}
