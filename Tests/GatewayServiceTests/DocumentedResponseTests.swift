import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// Real responses are those that the documentation describes.
@Suite(.timeLimit(.minutes(5)))
struct DocumentedResponseTests {
    @Test func `every operation answers its example as documented`() async throws {
        try await DocumentedSurfaces.with { gateway, documented in
            for operation in documented.paths.operations {
                for source in operation.sources {
                    for accept in ["*/*", "text/event-stream"] {
                        prepare(gateway)
                        let answer = try await ask(gateway, operation, source, accept: accept)
                        let name = "\(operation.method) \(operation.path)\(answer.query), \(accept)"
                        check(answer.answer, OpenAPIResponses(operation), name)
                        let isOnlyErrors = source.documentation.responses.allSatisfy { $0.status >= 400 }
                        #expect(answer.answer.status < 400 || isOnlyErrors, "\(name): \(answer.answer.body)")
                    }
                }
            }
        }
    }

    @Test func `a completion is streamed as documented`() async throws {
        try await DocumentedSurfaces.with { gateway, documented in
            let operation = try #require(documented.paths.operations.first { $0.path == "/v1/chat/completions" })
            let hello = #""messages":[{"role":"user","content":"Hello"}]"#
            for more in [#""stream":true"#, #""stream":true,"stream_options":{"include_usage":true}"#] {
                prepare(gateway)
                let answer = try await gateway.ask(.POST, operation.path, body: "{\"model\":\"demo\",\(hello),\(more)}")
                check(answer, OpenAPIResponses(operation), more)
            }
        }
    }

    @Test func `a failed turn answers as documented`() async throws {
        try await DocumentedSurfaces.with { gateway, documented in
            let path = "/api/v1/chat/conversations/{id}/messages"
            let operation = try #require(documented.paths.operations.first { $0.path == path && $0.method == .POST })
            var end = Sample.end
            end.status = .interrupted
            end.fault = Fault(.cut, "The provider's answer ended early.")
            let target = try DocumentedSurfaces.path(operation)
            for accept in ["*/*", "text/event-stream"] {
                gateway.services.end(end)
                gateway.services.play(
                    .events([
                        Run.Event(number: 1, userMessage: Sample.question), Run.Event(number: 2, text: "Hi"),
                        Run.Event(number: 3, end: end),
                    ])
                )
                let headers: HTTPHeaders = ["accept": accept]
                let answer = try await gateway.ask(.POST, target, headers: headers, body: #"{"content":"Hello"}"#)
                #expect(answer.status == (accept == "*/*" ? 503 : 200))
                check(answer, OpenAPIResponses(operation), accept)
            }
        }
    }

    /// Sets the streams, which are used up by one request.
    private func prepare(_ gateway: TestGateway) {
        gateway.services.models.say("Hi ", "there.")
        gateway.services.play(
            .events([
                Run.Event(number: 1, userMessage: Sample.question), Run.Event(number: 2, reasoning: "Hm."),
                Run.Event(number: 3, text: "Hi"), Run.Event(number: 4, step: Sample.answer),
                Run.Event(number: 5, end: Sample.end),
            ])
        )
        gateway.services.jobs.tell(Sample.job, Sample.ended(.completed))
    }

    private func ask(
        _ gateway: TestGateway,
        _ operation: OpenAPIOperation,
        _ source: OpenAPIOperation.Source,
        accept: String
    ) async throws -> (answer: Answer, query: String) {
        let (query, selection) = DocumentedSurfaces.selection(source)
        var headers = selection
        if !headers.contains(name: "accept") { headers.add(name: "accept", value: accept) }
        if let type = source.documentation.body?.type { headers.add(name: "content-type", value: type) }
        let answer = try await gateway.ask(
            operation.method,
            try DocumentedSurfaces.path(operation) + query,
            token: TestGateway.token("alice", role: "admin"),
            headers: headers,
            body: source.documentation.body?.example?.text
        )
        return (answer, query)
    }

    private func check(_ answer: Answer, _ responses: OpenAPIResponses, _ name: String) {
        guard let entry = responses.entries[answer.status] else {
            Issue.record("\(name): the status \(answer.status) is not documented: \(answer.body)")
            return
        }
        let type = answer.headers.first(name: "content-type")
        guard let content = entry.contents.first(where: { matches($0.type, type) }) else {
            #expect(
                entry.contents.isEmpty && answer.body.isEmpty,
                "\(name): the type \(type ?? "none") is not documented."
            )
            return
        }
        do {
            if content.type == "text/event-stream" {
                let events = ServerSentEvent.parse(answer.body)
                #expect(!events.isEmpty, "\(name): no events")
                for event in events { #expect(violations(event, content.events) == [], "\(name)") }
            } else if content.type == "application/json" {
                let value = try JSONValue(answer.body)
                #expect(SchemaValidator.violations(value, .anyOf(content.schemas)) == [], "\(name)")
            }
        } catch {
            Issue.record("\(name): \(error)")
        }
    }

    /// Whether a media type is the documented one, with or without its parameters.
    private func matches(_ documented: String, _ type: String?) -> Bool {
        type == documented || type?.prefix { $0 != ";" } == documented[...]
    }

    private func violations(_ event: ServerSentEvent, _ documented: [RouteDocumentation.Event]) -> [String] {
        let schemas = documented.filter { $0.name == event.name }.map(\.schema)
        guard !schemas.isEmpty else { return ["The event \(event.name) is not documented."] }
        let value = (try? JSONValue(event.data)) ?? .text(event.data)
        return SchemaValidator.violations(value, .anyOf(schemas))
    }
}

/// An event of a stream.
private struct ServerSentEvent {
    var name = "message"
    var data = ""

    static func parse(_ text: String) -> [ServerSentEvent] {
        text.replacing("\r\n", with: "\n").split(separator: "\n\n").compactMap { frame in
            var event = ServerSentEvent()
            var data: [Substring] = []
            for line in frame.split(separator: "\n") {
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                if line.hasPrefix("data:") { data.append(line.dropFirst(line.hasPrefix("data: ") ? 6 : 5)) }
            }
            event.data = data.joined(separator: "\n")
            return data.isEmpty ? nil : event
        }
    }
}
