import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct EventStreamTests {
    private static let body = #"{"content":"Hello"}"#
    private static let accept: HTTPHeaders = ["accept": "text/event-stream"]
    private static let texts = [
        "Hel", "lo", "\n\n", "data: [DONE]\n\n", "\r\n", "a\r\nb", "\"quoted\" and \\ back\\\\slash", "\u{1F373} é 漢字",
        "\u{2028}\u{2029}", "\u{1}\u{1F}\u{7F}", "</script>", "event: done\ndata: {}\n\n", " ", "{\"text\":\"x\"}",
    ]

    @Test func `a turn is a stream of numbered events with its run in a header`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(.events(Self.turn(["Hel", "lo."])))
            let answer = try await gateway.ask(.POST, "\(Sample.path)/messages", headers: Self.accept, body: Self.body)
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "content-type")?.hasPrefix("text/event-stream") == true)
            #expect(answer.headers.first(name: "cache-control") == "no-cache")
            #expect(answer.headers.first(name: "x-accel-buffering") == "no")
            #expect(answer.headers.first(name: "x-parley-run") == Sample.run.id.description)
            let timing = try #require(answer.headers.first(name: "server-timing"))
            #expect(timing.contains("auth;dur=") && timing.contains("queue;dur="))
            let events = try Event.parse(answer.body)
            #expect(events.map(\.name) == ["user_message", "token", "token", "done"])
            #expect(events.map(\.id) == ["1", "2", "3", "4"])
            #expect(try events[0].json["id"] as? String == Sample.question.id.description)
            #expect(try events[1].json["text"] as? String == "Hel")
            let done = try events[3].json
            #expect(
                Set(["assistant_message", "usage", "context", "timing", "status", "run_id"]).isSubset(of: done.keys)
            )
            #expect(done["status"] as? String == "completed")
            #expect(done["run_id"] as? String == Sample.run.id.description)
            #expect((done["assistant_message"] as? [String: Any])?["content"] as? String == "Hi.")
            #expect((done["timing"] as? [String: Any])?["upstream"] as? Double == 5)
            #expect(gateway.services.starts.map(\.content?.text) == ["Hello"])
        }
    }

    @Test func `special characters in text stay in the text`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(.events(Self.turn(Self.texts)))
            let answer = try await gateway.ask(.POST, "\(Sample.path)/messages", headers: Self.accept, body: Self.body)
            let events = try Event.parse(answer.body)
            #expect(events.map(\.name) == ["user_message"] + Self.texts.map { _ in "token" } + ["done"])
            let texts = try events.dropFirst().dropLast().map { try $0.json["text"] as? String }
            #expect(texts == Self.texts)
        }
    }

    @Test func `the header or the body asks for a stream`() async throws {
        try await TestGateway.with { gateway in
            for (headers, body, isStream) in [
                (["accept": "text/event-stream"] as HTTPHeaders, Self.body, true),
                (["accept": "application/json, text/event-stream;q=0.9"], Self.body, true),
                ([:], #"{"content":"Hello","stream":true}"#, true),
                ([:], #"{"content":"Hello","stream":false}"#, false),
                ([:], #"{"content":"Hello","stream":null}"#, false), (["accept": "application/json"], Self.body, false),
                (["accept": "*/*"], Self.body, false),
            ] {
                gateway.services.play(.events(Self.turn(["x"])))
                let answer = try await gateway.ask(.POST, "\(Sample.path)/messages", headers: headers, body: body)
                let isEventStream = answer.headers.first(name: "content-type")?.hasPrefix("text/event-stream") == true
                #expect(answer.status == 200)
                #expect(isEventStream == isStream, "\(headers) \(body)")
            }
        }
    }

    @Test func `an error before the first event has a status code`() async throws {
        try await TestGateway.with { gateway in
            for (fault, status) in [
                (Fault(.missing, "Conversation not found"), 404), (Fault(.forbidden, "Not your conversation"), 403),
                (Fault(.limited, "Too many runs.", retryAfter: 1), 429), (Fault(.unavailable, "Down."), 503),
            ] {
                gateway.services.fail(fault)
                let answer = try await gateway.ask(
                    .POST,
                    "\(Sample.path)/messages",
                    headers: Self.accept,
                    body: Self.body
                )
                #expect(answer.status == status)
                #expect(answer.isEnvelope)
                #expect(try answer.json["message"] as? String == fault.message)
            }
            gateway.services.fail(nil)
            gateway.services.play(.fail(Fault(.unavailable, "Down.")))
            let answer = try await gateway.ask(.POST, "\(Sample.path)/messages", headers: Self.accept, body: Self.body)
            #expect(answer.status == 503)
        }
    }

    @Test(arguments: [Run.Status.failed, .interrupted])
    func `a failed run ends with an error that contains the partial message`(_ status: Run.Status) async throws {
        var end = Sample.end
        end.status = status
        end.fault = Fault(.provider, "The model said no.")
        try await TestGateway.with { gateway in
            gateway.services.play(.events(Self.turn(["x"], end: end)))
            let answer = try await gateway.ask(.POST, "\(Sample.path)/messages", headers: Self.accept, body: Self.body)
            let last = try #require(try Event.parse(answer.body).last)
            #expect(last.name == "error" && last.id == "3")
            let json = try last.json
            // An interrupted run is returned to the same request again.
            let advice = status == .interrupted ? " Regenerate the answer with \(RunFault.regenerate)." : ""
            #expect(json["message"] as? String == "The model said no.\(advice)")
            #expect(json["retryable"] as? Bool == (status == .failed))
            #expect(json["status"] as? String == status.rawValue)
            #expect(json["run_id"] as? String == Sample.run.id.description)
            #expect(json["assistant_message"] is [String: Any])
        }
    }

    @Test func `a broken bus stream ends with an unnumbered error`() async throws {
        try await TestGateway.with { gateway in
            for steps in [
                ScriptedServices.Step.fail(Fault(.cut, "The answer broke off.")), .encoded(["{\"number\":"]),
                .events([]),
            ] {
                gateway.services.play(.events(Array(Self.turn(["Hel", "lo"]).dropLast())), steps)
                let answer = try await gateway.ask(
                    .POST,
                    "\(Sample.path)/messages",
                    headers: Self.accept,
                    body: Self.body
                )
                let events = try Event.parse(answer.body)
                #expect(events.map(\.name) == ["user_message", "token", "token", "error"])
                let last = try #require(events.last)
                #expect(last.id == nil)
                #expect(try last.json["retryable"] as? Bool == true)
                #expect(try last.json["run_id"] as? String == Sample.run.id.description)
            }
        }
    }

    @Test func `each batch is forwarded as it arrives`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(.events(Array(Self.turn(["Hel", "lo"]).dropLast())), .hang)
            let response = try await gateway.open(
                .POST,
                "\(Sample.path)/messages",
                headers: Self.accept,
                body: Self.body
            )
            var text = ""
            while !text.contains("\"lo\""), let bytes = try await response.body.nextRead() {
                text += String(buffer: bytes)
            }
            #expect(try Event.parse(text).map(\.name) == ["user_message", "token", "token"])
            response.body.close()
            try await eventually("The other service notices it") { gateway.services.left == 1 }
        }
    }

    @Test func `a client that disconnects during a pause or before the first event cancels the stream`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(.hang)
            let path = "\(Sample.path)/messages"
            let waiting = Task { try await gateway.ask(.POST, path, headers: Self.accept, body: Self.body) }
            try await eventually("The turn begins") { gateway.services.starts.count == 1 }
            waiting.cancel()
            try await eventually("The other service notices it") { gateway.services.left == 1 }
            try await eventually("The gateway answers") {
                try await gateway.ask(.GET, "/health", token: nil).status == 200
            }
        }
    }

    @Test func `a client continues after its last event`() async throws {
        let path = "\(Sample.path)/runs/\(Sample.run.id)/events"
        try await TestGateway.with { gateway in
            for (query, headers, after) in [
                ("", [:] as HTTPHeaders, 0), ("?after=2", [:], 2), ("", ["last-event-id": "3"], 3),
                ("?after=2", ["last-event-id": "5"], 5), ("?after=7", ["last-event-id": "5"], 7),
                ("", ["last-event-id": ""], 0),
            ] {
                gateway.services.play(.events(Array(Self.turn(["a", "b"]).dropFirst(1))))
                let answer = try await gateway.ask(.GET, path + query, headers: headers)
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: "x-parley-run") == Sample.run.id.description)
                #expect(try Event.parse(answer.body).map(\.name) == ["token", "token", "done"])
                #expect(gateway.services.follows.last?.after == after, "\(query) \(headers)")
            }
        }
    }

    @Test func `a stream of a quiet run starts at once`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(.hang)
            let response = try await gateway.open(.GET, "\(Sample.path)/runs/\(Sample.run.id)/events?after=2")
            #expect(response.status == 200)
            response.body.close()
            try await eventually("The other service notices it") { gateway.services.left == 1 }
        }
    }

    /// The events of a turn with these text events.
    private static func turn(_ texts: [String], end: Run.End = Sample.end) -> [Run.Event] {
        let tokens = texts.enumerated().map { Run.Event(number: $0.offset + 2, text: $0.element) }
        return [Run.Event(number: 1, userMessage: Sample.question)] + tokens
            + [Run.Event(number: texts.count + 2, end: end)]
    }
}

/// A Server-Sent Event, parsed as a browser does.
struct Event {
    var id: String?
    var name: String
    var data: String

    var json: [String: Any] {
        get throws { try WireJSON.object(data) }
    }

    /// Parses a stream by the HTML standard: CR, LF and CRLF end a line.
    static func parse(_ text: String) throws -> [Event] {
        let lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r" }
        var events: [Event] = []
        var event = Event(name: "", data: "")
        for line in lines.map({ String($0) }) {
            if line.isEmpty {
                if !event.name.isEmpty { events.append(event) }
                event = Event(name: "", data: "")
            } else if line.hasPrefix("id: ") {
                event.id = String(line.dropFirst(4))
            } else if line.hasPrefix("event: ") {
                event.name = String(line.dropFirst(7))
            } else if line.hasPrefix("data: ") {
                event.data += line.dropFirst(6)
            } else if !line.hasPrefix(":") {
                throw Unreadable(description: "A line of no kind: \(line)")
            }
        }
        return events
    }
}
