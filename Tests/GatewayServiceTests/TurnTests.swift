import Contracts
import NIOHTTP1
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TurnTests {
    private static let message = "\(Sample.path)/messages/\(Sample.answer.id)"
    private static let hello = #"{"content":"Hello"}"#

    @Test func `edit and regenerate respond like send, as JSON and as a stream`() async throws {
        try await TestGateway.with { gateway in
            let sent = try await gateway.ask(.POST, "\(Sample.path)/messages", body: Self.hello)
            let edited = try await gateway.ask(.POST, "\(Self.message)/edit", body: Self.hello)
            let again = try await gateway.ask(.POST, "\(Self.message)/regenerate")
            #expect(sent.status == 200)
            #expect([edited.body, again.body] == [sent.body, sent.body])
            let content = Message.Content(text: "Hello")
            let id = Sample.conversation.id
            #expect(
                gateway.services.starts == [
                    Runs.Start(conversation: id, content: content),
                    Runs.Start(conversation: id, content: content, insteadOf: Sample.answer.id),
                    Runs.Start(conversation: id, content: nil, insteadOf: Sample.answer.id),
                ]
            )
            gateway.services.play(
                .events([Run.Event(number: 1, userMessage: Sample.question)]),
                .events([
                    Run.Event(number: 2, end: Sample.end)
                ])
            )
            let streamed = try await gateway.ask(.POST, "\(Self.message)/regenerate", body: #"{"stream":true}"#)
            #expect(streamed.body.contains("event: user_message"))
            #expect(streamed.headers.first(name: "x-parley-run") == Sample.run.id.description)
        }
    }

    @Test(
        arguments: [
            ([("idempotency-key", "abc")], #"{"content":"Hello"}"#, "abc"),
            ([("idempotency-key", #""a \ c""#)], #"{"content":"Hello"}"#, #"a \ c"#),
            ([], #"{"content":"Hello","client_message_id":"m-1"}"#, "m-1"),
            ([], #"{"content":"Hello","client_message_id":17}"#, "17"),
            ([], #"{"content":"Hello","client_message_id":1234567890123456789}"#, "1234567890123456789"),
            ([], #"{"content":"Hello","client_message_id":18446744073709551615}"#, "18446744073709551615"),
            ([("idempotency-key", "m-1")], #"{"content":"Hello","client_message_id":"m-1"}"#, "m-1"),
            ([], #"{"content":"Hello","client_message_id":null}"#, nil),
        ] as [([(String, String)], String, String?)]
    )
    func `the idempotency key is in the header or in the body`(
        headers: [(String, String)],
        body: String,
        key: String?
    ) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(
                .POST,
                "\(Sample.path)/messages",
                headers: HTTPHeaders(headers),
                body: body
            )
            #expect(answer.status == 200)
            #expect(gateway.services.starts.map(\.key) == [key])
        }
    }

    @Test(
        arguments: [
            ([("idempotency-key", "")], #"{"content":"Hello"}"#),
            ([("idempotency-key", String(repeating: "k", count: 256))], #"{"content":"Hello"}"#),
            ([("idempotency-key", "a"), ("idempotency-key", "a")], #"{"content":"Hello"}"#),
            ([("idempotency-key", "a")], #"{"content":"Hello","client_message_id":"b"}"#),
            ([], #"{"content":"Hello","client_message_id":""}"#),
            ([], #"{"content":"Hello","client_message_id":"a\nb"}"#),
            ([], #"{"content":"Hello","client_message_id":["a"]}"#),
            ([], #"{"content":"Hello","client_message_id":18446744073709551616}"#),
        ] as [([(String, String)], String)]
    )
    func `a malformed idempotency key is rejected`(headers: [(String, String)], body: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(
                .POST,
                "\(Sample.path)/messages",
                headers: HTTPHeaders(headers),
                body: body
            )
            #expect(answer.status == 400)
            #expect(answer.isEnvelope)
            #expect(gateway.services.starts.isEmpty)
        }
    }

    @Test(arguments: [
        (#"{"content":"x","model":"nobody/nothing"}"#, Fault.Code.missing, 404),
        (#"{"content":"x","model":"../etc"}"#, .invalid, 400), (#"{"content":"x"}"#, .missing, 503),
        (#"{"content":"x","model":"demo"}"#, .cut, 503), (#"{"content":"x","model":"demo"}"#, .upstreamAuth, 503),
        (#"{"content":"x","model":"demo"}"#, .full, 507),
    ])
    func `only a model that the request names is the client's error`(
        _ body: String,
        _ code: Fault.Code,
        _ status: Int
    ) async throws {
        var end = Sample.end
        end.status = .failed
        end.fault = Fault(code, "A sentence.")
        try await TestGateway.with { gateway in
            gateway.services.end(end)
            let answer = try await gateway.ask(.POST, "\(Sample.path)/messages", body: body)
            #expect(answer.status == status)
            #expect(answer.isEnvelope)
            let details = try answer.json["details"] as? [String: Any]
            #expect(details?["run_id"] as? String == Sample.run.id.description)
        }
    }

    @Test func `branches are listed and selected`() async throws {
        try await TestGateway.with { gateway in
            let siblings = try await gateway.ask(.GET, "\(Self.message)/siblings")
            #expect(siblings.status == 200)
            #expect(siblings.body.contains(#""sibling_index":1,"sibling_count":2"#))
            #expect(try siblings.json["total"] as? Int == 2)
            let selected = try await gateway.ask(.POST, "\(Self.message)/select")
            #expect(selected.status == 200)
            #expect(try (selected.json["messages"] as? [Any])?.count == 2)
            for path in ["siblings", "select", "regenerate", "edit"] {
                let wrong = "\(Sample.path)/messages/nobody/\(path)"
                let answer = try await gateway.ask(
                    path == "siblings" ? .GET : .POST,
                    wrong,
                    body: path == "edit" ? Self.hello : nil
                )
                #expect(answer.status == 404)
            }
        }
    }

    @Test func `a run is returned as JSON or as events`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(
                .events([Run.Event(number: 1, userMessage: Sample.question)]),
                .events([
                    Run.Event(number: 2, end: Sample.end)
                ])
            )
            let path = "\(Sample.path)/runs/\(Sample.run.id)"
            let state = try await gateway.ask(.GET, path)
            let asJSON = try await gateway.ask(.GET, "\(path)/events", headers: ["accept": "application/json"])
            #expect(asJSON.body == state.body)
            let events = try await gateway.ask(.GET, path, headers: ["accept": "text/event-stream"])
            #expect(events.body.contains("event: done"))
        }
    }
}
