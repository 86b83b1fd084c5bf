import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// Seed 004: sessions, and answers as Server-Sent Events.
@Suite(.timeLimit(.minutes(5)))
struct SessionChatTests {
    static let session = Sample.conversation.id.description.replacing("-", with: "")
    static let body = #"{"payload":"Hello"}"#

    /// Runs a gateway in front of a session of `TR`.
    static func with(
        _ settings: [String: String] = ["AUTH_MODE": "open"],
        persona: Persona.ID = Persona.BuiltIn.sitcomTrivia,
        user: String = "TR",
        _ body: (TestGateway) async throws -> Void
    ) async throws {
        try await TestGateway.with(settings, services: ScriptedServices(ScriptedSession(persona, user: user)), body)
    }

    private func text(_ text: String) -> Run.Event { Run.Event(number: 2, text: text) }

    @Test func `an answer is a stream in exactly the observed form`() async throws {
        try await Self.with { gateway in
            let tokens = ["Hel", "lo", " world", "a\nb", "\n", "x\r\ny"].map { text($0) }
            gateway.services.play(.events(Sample.turn(tokens)))
            let request =
                "PUT /chat/\(Self.session) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(Self.body.utf8.count)\r\n\r\n\(Self.body)"
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send(request)
            try await eventually("The whole response") { connection.received.hasSuffix("0\r\n\r\n") }
            let received = connection.received
            let border = try #require(received.range(of: "\r\n\r\n"))
            let head = received[..<border.lowerBound].split(separator: "\r\n").map { $0.lowercased() }
            #expect(head.first == "http/1.1 200 ok")
            for header in [
                "content-type: text/event-stream; charset=utf-8", "cache-control: no-cache", "connection: keep-alive",
                "x-accel-buffering: no", "transfer-encoding: chunked",
            ] { #expect(head.filter { $0 == header }.count == 1, "\(header)") }
            let frames =
                "data: Hel\r\n\r\ndata: lo\r\n\r\ndata:  world\r\n\r\ndata: a\r\ndata: b\r\n\r\n"
                + "data: \r\ndata: \r\n\r\ndata: x\r\ndata: y\r\n\r\n"
            #expect(RawChunks.body(received[border.upperBound...]) == frames)
            // The same connection serves the next request.
            connection.send("GET /chat_history/\(Self.session) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            try await eventually("The next response") { connection.received.hasSuffix("\"message_history\":[]}") }
            let start = try #require(gateway.services.starts.first)
            #expect(start.content == Message.Content(text: "Hello"))
            #expect(start.options == Run.Options(temperature: 0))
            #expect(start.conversation == Sample.conversation.id)
            connection.close()
        }
    }

    @Test func `the demonstration streams its seven tokens`() async throws {
        try await Self.with { gateway in
            let answer = try await gateway.ask(.GET, "/stream-example", token: nil)
            #expect(answer.headers.first(name: "content-type") == "text/event-stream; charset=utf-8")
            let tokens = ["hello", ", ", "this ", "is ", "a ", "streamed ", "response."]
            #expect(answer.body == tokens.map { "data: \($0)\r\n\r\n" }.joined())
        }
    }

    @Test func `a comment keeps a silent stream alive`() async throws {
        let services = ScriptedServices(ScriptedSession(Persona.BuiltIn.sitcomTrivia, user: "TR"))
        try await TestGateway.with(
            ["AUTH_MODE": "open"],
            services: services,
            surfaces: { [.v1($0), .sessionChat($0, pingInterval: .milliseconds(20))] }
        ) { gateway in
            services.play(.events(Array(Sample.turn([text("Hel")]).dropLast())), .hang)
            let response = try await gateway.open(.PUT, "/chat/\(Self.session)", token: nil, body: Self.body)
            var received = ""
            while received.ranges(of: ": ping - ").count < 3, let bytes = try await response.body.nextRead() {
                received += String(buffer: bytes)
            }
            response.body.close()
            let comments = received.components(separatedBy: "\r\n\r\n").filter { $0.hasPrefix(":") }
            let form = #/: ping - \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/#
            #expect(comments.count >= 3 && comments.dropLast().allSatisfy { $0.wholeMatch(of: form) != nil })
            #expect(received.hasPrefix("data: Hel\r\n\r\n: ping - "))
            #expect(received.replacing("\r\n", with: "").contains("\n") == false)
        }
    }

    @Test func `a failure before the first token is 502`() async throws {
        let fault = Fault(.provider, "The model said no.")
        try await Self.with { gateway in
            let failed = Sample.turn([], end: Sample.failure(fault))
            for steps in [
                [failed], failed.map { [$0] }, [[failed[0], Run.Event(number: 2, reasoning: "Hm."), failed[1]]],
            ] {
                gateway.services.play(steps.map { .events($0) })
                let answer = try await gateway.ask(.PUT, "/chat/\(Self.session)", token: nil, body: Self.body)
                #expect(answer.status == 502)
                #expect(answer.headers.first(name: "content-type") == "application/json")
                #expect(answer.body == #"{"detail":"The model said no."}"#)
            }
            gateway.services.play([.fail(Fault(.unavailable, "Down.", retryAfter: 1))])
            let down = try await gateway.ask(.PUT, "/chat/\(Self.session)", token: nil, body: Self.body)
            #expect(down.status == 503 && down.body == #"{"detail":"Down."}"#)
            #expect(down.headers.first(name: "retry-after") == "1")
        }
    }

    @Test func `a failure after the first token is an event, and the body is complete`() async throws {
        let fault = Fault(.provider, "The model said no.")
        try await Self.with { gateway in
            let failed = Sample.turn([text("Hel")], end: Sample.failure(fault, text: "Hel"))
            let cut: [ScriptedServices.Step] = [.events(Array(failed.dropLast())), .fail(fault)]
            for steps in [[.events(failed)], failed.map { .events([$0]) }, cut] {
                gateway.services.play(steps)
                let answer = try await gateway.ask(.PUT, "/chat/\(Self.session)", token: nil, body: Self.body)
                #expect(answer.status == 200)
                #expect(
                    answer.body
                        == "data: Hel\r\n\r\nevent: error\r\ndata: {\"detail\":\"The model said no.\"}\r\n\r\n"
                )
            }
            gateway.services.play(.events(Array(failed.dropLast())))
            let early = try await gateway.ask(.PUT, "/chat/\(Self.session)", token: nil, body: Self.body)
            #expect(early.body.hasPrefix("data: Hel\r\n\r\nevent: error\r\ndata: {\"detail\":\""))
        }
    }

    @Test func `a body is validated before the session is looked up`() async throws {
        try await Self.with { gateway in
            let missing = #"{"type":"missing","loc":["body","payload"],"msg":"Field required","input":{}}"#
            for (body, type, error) in [
                ("{}", "application/json", missing),
                (
                    #"{"payload":1}"#, "application/json",
                    #"{"type":"string_type","loc":["body","payload"],"msg":"Input should be a valid string","input":1}"#
                ),
                (
                    #"{"payload":"x","message_history":"y"}"#, "application/json",
                    #"{"type":"list_type","loc":["body","message_history"],"msg":"Input should be a valid list","input":"y"}"#
                ),
            ] {
                let answer = try await gateway.ask(
                    .PUT,
                    "/chat/1234",
                    token: nil,
                    headers: ["content-type": type],
                    body: body
                )
                #expect(answer.status == 422)
                #expect(answer.body == "{\"detail\":[\(error)]}")
            }
            for (type, body, kind) in [
                ("text/plain", Self.body, "model_attributes_type"),
                ("application/json", "{\"payload\":", "json_invalid"),
            ] {
                let answer = try await gateway.ask(
                    .PUT,
                    "/chat/\(Self.session)",
                    token: nil,
                    headers: ["content-type": type],
                    body: body
                )
                #expect(answer.status == 422 && answer.body.contains("\"type\":\"\(kind)\""))
            }
            let none = try await gateway.ask(.PUT, "/chat/\(Self.session)", token: nil)
            #expect(none.body == #"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#)
            for name in ["1234", "chat_history_\(Self.session)", Conversation.ID().sessionID] {
                let unknown = try await gateway.ask(.PUT, "/chat/\(name)", token: nil, body: Self.body)
                #expect(unknown.status == 404)
                #expect(unknown.headers.first(name: "content-type") == "application/json")
                #expect(unknown.body == "{\"detail\":\"Invalid session id: \(name)\"}")
                let history = try await gateway.ask(.GET, "/chat_history/\(name)", token: nil)
                #expect(history.status == 404 && history.body == unknown.body)
            }
            #expect(gateway.services.starts.isEmpty)
        }
    }

    @Test func `every member of a session but the payload is ignored`() async throws {
        try await Self.with { gateway in
            gateway.services.play(.events(Sample.turn([text("x")])))
            let body =
                #"{"payload":"","session_id":null,"username":"eve","message_history":[{"role":"user","content":"y"}],"z":[]}"#
            let path = "/chat/\(Sample.conversation.id.description.uppercased())"
            let answer = try await gateway.ask(.PUT, path, token: nil, body: body)
            #expect(answer.status == 200)
            #expect(gateway.services.starts.map(\.content?.text) == [""])
            #expect(gateway.services.contexts.last?.principal?.user == "TR")
        }
    }

    @Test func `without a credential the id is enough; with one, the owner and admins find the session`() async throws {
        let (owner, other) = (TestGateway.token("TR"), TestGateway.token("bob"))
        let admin = TestGateway.token("root", role: "admin")
        try await Self.with { gateway in
            for (token, status) in [(nil, 200), (owner, 200), (admin, 200), (other, 404)] {
                gateway.services.play(.events(Sample.turn([text("x")])))
                let sent = try await gateway.ask(.PUT, "/chat/\(Self.session)", token: token, body: Self.body)
                #expect(sent.status == status)
                let history = try await gateway.ask(.GET, "/chat_history/\(Self.session)", token: token)
                #expect(history.status == status)
                if status == 404 { #expect(history.body == "{\"detail\":\"Invalid session id: \(Self.session)\"}") }
            }
            #expect(gateway.services.contexts.map { $0.principal?.user } == ["TR", "TR", "TR"])
        }
        try await Self.with(persona: Persona.BuiltIn.functionAgent) { (gateway) async throws -> Void in
            for token in [nil, owner, admin] {
                #expect(try await gateway.ask(.GET, "/chat_history/\(Self.session)", token: token).status == 404)
            }
        }
    }

    @Test func `a client that disconnects closes the stream, before and after the first token`() async throws {
        try await Self.with { gateway in
            gateway.services.play(.hang)
            let waiting = Task {
                try await gateway.ask(.PUT, "/chat/\(Self.session)", token: nil, body: Self.body)
            }
            try await eventually("The turn begins") { gateway.services.starts.count == 1 }
            waiting.cancel()
            try await eventually("The stream is closed") { gateway.services.left == 1 }
            gateway.services.play(.events(Array(Sample.turn([text("x")]).dropLast())), .hang)
            let response = try await gateway.open(.PUT, "/chat/\(Self.session)", token: nil, body: Self.body)
            _ = try await response.body.nextRead()
            response.body.close()
            try await eventually("The stream is closed") { gateway.services.left == 2 }
        }
    }

    @Test func `a repeated request has the same idempotency key`() async throws {
        try await Self.with { gateway in
            gateway.services.play(.events(Sample.turn([text("x")])))
            let headers: HTTPHeaders = ["idempotency-key": "k-1"]
            _ = try await gateway.ask(.GET, "/?username=TR", token: nil, headers: headers)
            _ = try await gateway.ask(.PUT, "/chat/\(Self.session)", token: nil, headers: headers, body: Self.body)
            #expect(gateway.services.session?.opened.map(\.request.key) == ["k-1"])
            #expect(gateway.services.starts.map(\.key) == ["k-1"])
        }
    }
}

/// Decodes a chunked body.
enum RawChunks {
    /// Returns the contents of the chunks; `nil` if they are malformed or have no end.
    static func body(_ text: Substring) -> String? {
        var (rest, body) = (Array(text.utf8)[...], [UInt8]())
        while let border = rest.firstIndex(of: UInt8(ascii: "\r")) {
            guard let size = Int(String(decoding: rest[..<border], as: UTF8.self), radix: 16) else { return nil }
            rest = rest[(border + 2)...]
            guard size > 0 else { return String(decoding: body, as: UTF8.self) }
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return nil
    }
}
