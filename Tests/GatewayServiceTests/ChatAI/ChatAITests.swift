import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// The routes of seed 001, with scripted services.
@Suite(.timeLimit(.minutes(5)))
struct ChatAITests {
    private static let id = Sample.conversation.id.description
    private static let path = "/conversation/completion/\(id)"
    private static let hello = #"{"message":"Hello","stream":"false"}"#
    private static let streamed = #"{"message":"Hello","stream":"true"}"#

    @Test func `a conversation is created with a precise time, whatever the body`() async throws {
        try await TestGateway.with { gateway in
            for body in [nil, "no JSON", #"{"messages":[1]}"#] {
                let answer = try await gateway.ask(.POST, "/conversation", token: nil, body: body)
                #expect(answer.status == 200)
                #expect(
                    answer.body == #"{"id":"\#(Self.id)","messages":[],"created_at":"2025-11-25T07:03:25.123456Z"}"#
                )
            }
            let opened = gateway.services.received(Conversations.Open.self)
            #expect(opened.allSatisfy { $0.persona == Persona.BuiltIn.chat && $0.opensAnother && $0.key == nil })
            _ = try await gateway.ask(.POST, "/conversation", headers: ["idempotency-key": "k"])
            #expect(gateway.services.received(Conversations.Open.self).last?.key == "k")
            #expect(gateway.services.contexts.map(\.principal?.user) == ["local", "local", "local", "alice"])
        }
    }

    @Test func `an answer has the observed members and a precise time`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.POST, Self.path, body: Self.hello)
            #expect(answer.status == 200 && answer.headers["content-type"] == ["application/json"])
            #expect(
                answer.body == #"{"id":"\#(Sample.answer.id)","author":"assistant","content":"Hi.","#
                    + #""created_at":"2025-11-25T07:03:25.123456Z"}"#
            )
            #expect(answer.headers["x-parley-run"] == [Sample.run.id.description])
            let start = try #require(gateway.services.starts.first)
            #expect(start == Runs.Start(conversation: Sample.conversation.id, content: Message.Content(text: "Hello")))
        }
    }

    @Test func `ids in upper case, without dashes and as a URN are accepted`() async throws {
        let ids = [Self.id.uppercased(), Self.id.replacing("-", with: ""), "urn:uuid:" + Self.id]
        try await TestGateway.with { gateway in
            for id in ids {
                let answer = try await gateway.ask(.POST, "/conversation/completion/\(id)", body: Self.hello)
                #expect(answer.status == 200)
            }
            #expect(gateway.services.starts.allSatisfy { $0.conversation == Sample.conversation.id })
        }
    }

    @Test func `a malformed, unknown or foreign conversation is not found`() async throws {
        let expected = #"{"detail":"Conversation not found"}"#
        try await TestGateway.with { gateway in
            for id in ["nothing", "1234", "%20", Self.id + "0"] {
                let answer = try await gateway.ask(.POST, "/conversation/completion/\(id)", body: Self.hello)
                #expect(answer.status == 404 && answer.body == expected)
            }
            for code in [Fault.Code.missing, .forbidden] {
                gateway.services.fail(Fault(code, "Conversation not found"))
                for body in [Self.hello, Self.streamed] {
                    let answer = try await gateway.ask(.POST, Self.path, body: body)
                    #expect(answer.status == 404 && answer.body == expected)
                }
            }
            gateway.services.fail(nil)
            let invalid = try await gateway.ask(.POST, "/conversation/completion/nothing", body: "{}")
            #expect(invalid.status == 422)
        }
    }

    @Test func `an empty answer is 204, and an empty text as a stream`() async throws {
        var end = Sample.end
        end.assistantMessage?.content.text = ""
        try await TestGateway.with { [end] gateway in
            gateway.services.end(end)
            let answer = try await gateway.ask(.POST, Self.path, body: Self.hello)
            #expect(answer.status == 204 && answer.body.isEmpty)
            gateway.services.play(
                .events([Run.Event(number: 1, userMessage: Sample.question), Run.Event(number: 2, end: end)])
            )
            let text = try await gateway.ask(.POST, Self.path, body: Self.streamed)
            #expect(text.status == 200 && text.body.isEmpty)
            #expect(text.headers["content-type"] == ["text/plain; charset=utf-8"])
        }
    }

    @Test(arguments: [
        (Run.Status.failed, Fault(.provider, "The model failed."), 502),
        (.failed, Fault(.missing, "There is no such model."), 502),
        (.failed, Fault(.full, "The disk is full."), 507),
        (.failed, Fault(.quotaExceeded, "The quota is exhausted."), 429),
        (.queued, Fault(.unavailable, "The message is stored and will be answered later.", retryAfter: 1), 503),
    ])
    func `a run without an answer has a status and a sentence`(
        _ status: Run.Status,
        _ fault: Fault,
        _ expected: Int
    ) async throws {
        try await TestGateway.with { gateway in
            let end = Run.End(status: status, assistantMessage: nil, fault: fault)
            gateway.services.end(end)
            let answer = try await gateway.ask(.POST, Self.path, body: Self.hello)
            #expect(answer.status == expected && answer.body == #"{"detail":"\#(fault.message)"}"#)
            gateway.services.play(
                .events([Run.Event(number: 1, userMessage: Sample.question)]),
                .events([Run.Event(number: 2, end: end)])
            )
            let streamed = try await gateway.ask(.POST, Self.path, body: Self.streamed)
            #expect(streamed.status == expected && streamed.body == answer.body)
        }
    }

    @Test func `an interrupted run says what helps instead of a repetition`() async throws {
        try await TestGateway.with { gateway in
            let fault = Fault(.timeout, "The model was too slow. Try again.", retryAfter: 1)
            gateway.services.end(Run.End(status: .interrupted, assistantMessage: nil, fault: fault))
            let answer = try await gateway.ask(.POST, Self.path, body: Self.hello)
            let advice = "Regenerate the answer with \(RunFault.regenerate)."
            #expect(answer.status == 502)
            #expect(try answer.json["detail"] as? String == "The model was too slow. \(advice)")
            #expect(answer.headers.first(name: "retry-after") == nil)
        }
    }

    @Test func `a stopped run answers what it has`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.end(Run.End(status: .stopped, assistantMessage: Sample.answer))
            let answer = try await gateway.ask(.POST, Self.path, body: Self.hello)
            #expect(answer.status == 200 && answer.body.contains("Hi."))
        }
    }

    @Test func `a stream is the text alone, with whole scalars`() async throws {
        let pieces = ["Hé", "llo \u{1F468}\u{200D}\u{1F469}", "\n\u{0301}", "."]
        try await TestGateway.with { gateway in
            let texts = pieces.enumerated().map { Run.Event(number: $0.offset + 2, text: $0.element) }
            gateway.services.play(
                .events([Run.Event(number: 1, userMessage: Sample.question)]),
                .events(Array(texts[..<2])),
                .events(Array(texts[2...])),
                .events([Run.Event(number: 9, end: Sample.end)])
            )
            let response = try await gateway.open(.POST, Self.path, body: Self.streamed)
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == ["text/plain; charset=utf-8"])
            #expect(response.headers["transfer-encoding"] == ["chunked"])
            #expect(response.headers["x-parley-run"] == [Sample.run.id.description])
            let text = try await response.body.collect(upTo: 1000)
            #expect(String(buffer: text).unicodeScalars.elementsEqual(pieces.joined().unicodeScalars))
        }
    }

    @Test func `a failure after the first text cuts the connection`() async throws {
        let first = [Run.Event(number: 1, userMessage: Sample.question), Run.Event(number: 2, text: "Hel")]
        let end = Run.End(status: .failed, assistantMessage: nil, fault: Fault(.provider, "The model failed."))
        try await TestGateway.with { gateway in
            for step in [ScriptedServices.Step.events([Run.Event(number: 3, end: end)]), .fail(Fault(.cut, "Cut."))] {
                gateway.services.play(.events(first), step)
                let response = try await gateway.open(.POST, Self.path, body: Self.streamed)
                #expect(response.status == 200)
                await #expect(throws: (any Error).self) { _ = try await response.body.collect(upTo: 1000) }
            }
        }
    }

    @Test func `a client that leaves closes the stream only`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(
                .events([Run.Event(number: 1, userMessage: Sample.question), Run.Event(number: 2, text: "Hel")]),
                .hang
            )
            let connection = try await RawConnection.open(port: gateway.port)
            let head = "POST \(Self.path) HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            connection.send(Array("\(head)content-length: \(Self.streamed.utf8.count)\r\n\r\n\(Self.streamed)".utf8))
            try await eventually("The stream") { gateway.services.starts.count == 1 }
            connection.close()
            try await eventually("The closed stream") { gateway.services.left == 1 }
            #expect(gateway.services.received(Runs.Cancel.self).isEmpty)
        }
    }

    @Test func `the list has all messages with stored times`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.GET, "/conversation")
            #expect(answer.status == 200 && answer.headers["content-type"] == ["application/json"])
            let time = "2025-11-25T07:03:25.123000"
            func message(_ message: Message, _ author: String, _ content: String) -> String {
                #"{"id":"\#(message.id)","author":"\#(author)","content":"\#(content)","created_at":"\#(time)"}"#
            }
            let messages =
                message(Sample.answer, "assistant", "Hi.") + "," + message(Sample.question, "user", #"Hello \"you\"\n"#)
            #expect(answer.body == #"[{"id":"\#(Self.id)","messages":[\#(messages)],"created_at":"\#(time)"}]"#)
            let list = try #require(gateway.services.received(Conversations.List.self).first)
            #expect(list.persona == Persona.BuiltIn.chat && list.order == .creation && list.cursor == nil)
        }
    }

    @Test func `the list fails with a status before its first page`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.fail(Fault(.unavailable, "Down."))
            let answer = try await gateway.ask(.GET, "/conversation")
            #expect(answer.status == 503 && answer.body == #"{"detail":"Down."}"#)
        }
    }

    @Test func `a credential is needed in required mode`() async throws {
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            for (method, path) in [(HTTPMethod.POST, "/conversation"), (.GET, "/conversation"), (.POST, Self.path)] {
                let answer = try await gateway.ask(method, path, token: nil, body: Self.hello)
                #expect(answer.status == 401 && answer.body == #"{"detail":"Missing authorization header"}"#)
            }
        }
    }
}
