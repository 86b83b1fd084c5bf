import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// Seed 004: the sessions of a user, and their histories.
@Suite(.timeLimit(.minutes(5)))
struct SessionsTests {
    @Test func `a session has a welcome and an id of 32 digits`() async throws {
        try await SessionChatTests.with { gateway in
            for path in ["/?username=TR", "/?x=1&username=a&username=TR"] {
                let answer = try await gateway.ask(.GET, path, token: nil, headers: ["accept": "*/*"])
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: "content-type") == "application/json")
                #expect(
                    answer.body
                        == #"{"message":"Welcome to the chat service TR!","session_id":"\#(SessionChatTests.session)"}"#
                )
            }
            let opened = try #require(gateway.services.session).opened
            #expect(opened.map(\.user) == ["TR", "TR"])
            #expect(opened.allSatisfy { $0.request.opensAnother && $0.request.persona == Persona.BuiltIn.sitcomTrivia })
        }
    }

    @Test func `HEAD and OPTIONS open no session`() async throws {
        try await SessionChatTests.with { gateway in
            let head = try await gateway.ask(.HEAD, "/?username=TR", token: nil)
            #expect(head.status == 200 && head.body.isEmpty)
            let options = try await gateway.ask(.OPTIONS, "/?username=TR", token: nil)
            #expect(options.status == 204 && options.headers.first(name: "allow") == "GET, HEAD, OPTIONS")
            #expect(try #require(gateway.services.session).opened.isEmpty)
        }
    }

    @Test func `an empty user name is refused`() async throws {
        try await SessionChatTests.with { gateway in
            for path in ["/?username=", "/sessions?username="] {
                let answer = try await gateway.ask(.GET, path, token: nil)
                #expect(answer.status == 422)
                let error =
                    #"{"type":"string_too_short","loc":["query","username"],"#
                    + #""msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}"#
                #expect(answer.body == "{\"detail\":[\(error)]}")
            }
            let missing = try await gateway.ask(.GET, "/sessions", token: nil)
            #expect(missing.status == 422)
            #expect(
                missing.body
                    == #"{"detail":[{"type":"missing","loc":["query","username"],"msg":"Field required","input":null}]}"#
            )
            for name in ["a%00b", "%0A", String(repeating: "x", count: 256)] {
                #expect(try await gateway.ask(.GET, "/?username=\(name)", token: nil).status == 422)
            }
        }
    }

    @Test func `the sessions of a user are listed over several pages`() async throws {
        try await SessionChatTests.with { gateway in
            let answer = try await gateway.ask(.GET, "/sessions?username=TR", token: nil)
            #expect(answer.status == 200)
            let session =
                #"{"session_id":"\#(SessionChatTests.session)","created_at":"2025-11-25T07:03:25.123456Z","#
                + #""updated_at":"2025-11-25T07:03:25.123456Z"}"#
            #expect(answer.body == "{\"username\":\"TR\",\"sessions\":[\(session),\(session)]}")
        }
    }

    @Test func `with a credential a user name must be the caller's own, unless the caller is an admin`() async throws {
        try await SessionChatTests.with { gateway in
            let admin = TestGateway.token("root", role: "admin")
            for path in ["/?username=alice", "/sessions?username=alice"] {
                #expect(try await gateway.ask(.GET, path).status == 200)
                #expect(try await gateway.ask(.GET, path, token: admin).status == 200)
                let refused = try await gateway.ask(.GET, path, token: TestGateway.token("bob"))
                #expect(refused.status == 403)
                #expect(try Set(refused.json.keys) == ["detail"])
                #expect(try await gateway.ask(.GET, path, token: TestGateway.token("bob") + "x").status == 401)
            }
        }
        try await SessionChatTests.with(["AUTH_MODE": "required"]) { (gateway) async throws -> Void in
            for path in ["/?username=alice", "/sessions?username=alice", "/chat_history/\(SessionChatTests.session)"] {
                #expect(try await gateway.ask(.GET, path, token: nil).status == 401)
            }
        }
    }

    @Test func `a history has an empty payload, the session, its user and the messages`() async throws {
        try await SessionChatTests.with { gateway in
            let begin =
                "{\"payload\":\"\",\"session_id\":\"\(SessionChatTests.session)\",\"username\":\"TR\",\"message_history\":["
            let empty = try await gateway.ask(.GET, "/chat_history/\(SessionChatTests.session)", token: nil)
            #expect(empty.status == 200 && empty.body == begin + "]}")
            let messages = (0..<450).map { Sample.said($0.isMultiple(of: 2) ? .user : .assistant, "No. \($0)") }
            try #require(gateway.services.session).store(messages, pageSize: 100)
            let answer = try await gateway.ask(.GET, "/chat_history/\(SessionChatTests.session)", token: nil)
            let items = messages.map { "{\"role\":\"\($0.role.rawValue)\",\"content\":\"\($0.content.text)\"}" }
            #expect(answer.body == begin + items.joined(separator: ",") + "]}")
            #expect(answer.headers.first(name: "content-type") == "application/json")
        }
    }

    @Test func `a history whose later pages cannot be read never looks complete`() async throws {
        try await SessionChatTests.with { gateway in
            let messages = (0..<30).map { Sample.said(.user, "No. \($0)") }
            try #require(gateway.services.session).store(messages, pageSize: 10, failingAfter: 2)
            await #expect(throws: (any Error).self) {
                try await gateway.ask(.GET, "/chat_history/\(SessionChatTests.session)", token: nil)
            }
            try #require(gateway.services.session).store(messages, failingAfter: 0)
            #expect(try await gateway.ask(.GET, "/chat_history/\(SessionChatTests.session)", token: nil).status == 503)
        }
    }

    @Test func `other methods and paths have FastAPI's errors`() async throws {
        try await SessionChatTests.with { gateway in
            for (method, path, allowed) in [
                (HTTPMethod.POST, "/chat/\(SessionChatTests.session)", "PUT"),
                (.GET, "/chat/\(SessionChatTests.session)", "PUT"),
                (.PUT, "/chat_history/\(SessionChatTests.session)", "GET, HEAD"),
            ] {
                let answer = try await gateway.ask(method, path, token: nil)
                #expect(answer.status == 405 && answer.body == #"{"detail":"Method Not Allowed"}"#)
                #expect(answer.headers.first(name: "allow") == allowed)
            }
            let slash = try await gateway.ask(
                .PUT,
                "/chat/\(SessionChatTests.session)/",
                token: nil,
                body: SessionChatTests.body
            )
            #expect(slash.status == 307 && slash.headers.first(name: "location") == "/chat/\(SessionChatTests.session)")
        }
    }
}
