import Contracts
import HTTP
import JSON
import NIOCore
import NIOHTTP1

/// Encodes the parts of the OpenAPI document.
extension JSONWriter {
    mutating func operation(_ operation: OpenAPIOperation, _ mode: AuthenticationMode) {
        object { json in
            json.field("operationId", operation.id)
            json.array("tags", operation.tags) { $0.text($1) }
            json.field("summary", operation.summary)
            if !operation.description.isEmpty { json.field("description", operation.description) }
            json.parameters(of: operation)
            json.requestBody(of: operation)
            json.value("responses") { json in
                json.object { json in
                    for (status, entry) in OpenAPIResponses(operation).entries.sorted(by: { $0.key < $1.key }) {
                        json.member(String(status)) { $0.response(entry) }
                    }
                }
            }
            json.security(operation.access, mode)
            json.field("x-access", operation.access.map { "\($0)" }.joined(separator: " or "))
            json.field("x-body-limit", operation.sources.map(\.bodyLimit).max())
            if let socket = operation.sources.compactMap(\.documentation.webSocket).first { json.webSocket(socket) }
        }
    }

    /// Writes an error response as a component; its example is what the surface really answers.
    mutating func error(_ status: Int, _ errors: RouteErrors) {
        let example = errors.example(status)
        object { json in
            json.field("description", RouteErrors.description(status))
            let headers = example?.headers.map(\.name).filter { !$0.hasPrefix("content-") } ?? []
            if !headers.isEmpty {
                json.value("headers") { json in
                    json.object { json in
                        for name in headers { json.member(name) { $0.header(.string, nil) } }
                    }
                }
            }
            let body: RawJSON? =
                if case .whole(let bytes)? = example?.body { RawJSON(String(buffer: bytes)) } else { nil }
            json.contents([
                OpenAPIResponses.Content(
                    type: "application/json",
                    schemas: [errors.schema(status)],
                    example: errors.surface.errors.schemas[status] == nil ? body : nil
                )
            ])
        }
    }

    private mutating func parameters(of operation: OpenAPIOperation) {
        let all =
            operation.pathParameters.map { ("path", $0) } + operation.parameters(\.query).map { ("query", $0) }
            + operation.parameters(\.headers).map { ("header", $0) }
        guard !all.isEmpty else { return }
        objects("parameters", all) { json, item in
            let (place, parameter) = item
            json.field("name", parameter.name)
            json.field("in", place)
            if parameter.isRequired { json.field("required", true) }
            if let text = parameter.description { json.field("description", text) }
            json.value("schema") { $0.schema(parameter.schema, defaultValue: parameter.defaultValue) }
            if let example = parameter.example { json.raw("example", example.text) }
        }
    }

    private mutating func requestBody(of operation: OpenAPIOperation) {
        let bodies = operation.sources.compactMap(\.documentation.body)
        guard !bodies.isEmpty else { return }
        let isRequired = operation.sources.allSatisfy { $0.documentation.body?.isRequired == true }
        var contents: [OpenAPIResponses.Content] = []
        for body in bodies {
            if let index = contents.firstIndex(where: { $0.type == body.type }) {
                if !contents[index].schemas.contains(body.schema) { contents[index].schemas.append(body.schema) }
            } else {
                contents.append(
                    OpenAPIResponses.Content(type: body.type, schemas: [body.schema], example: body.example)
                )
            }
        }
        object("requestBody") { json in
            if isRequired { json.field("required", true) }
            json.contents(contents)
        }
    }

    private mutating func response(_ entry: OpenAPIResponses.Entry) {
        object { json in
            if let component = entry.component { return json.field("$ref", "#/components/responses/\(component)") }
            json.field("description", entry.description)
            if !entry.headers.isEmpty {
                json.value("headers") { json in
                    json.object { json in
                        for header in entry.headers {
                            json.member(header.name) { $0.header(header.schema, header.description) }
                        }
                    }
                }
            }
            if !entry.contents.isEmpty { json.contents(entry.contents) }
        }
    }

    private mutating func header(_ schema: Schema, _ description: String?) {
        object { json in
            if let description { json.field("description", description) }
            json.value("schema") { $0.schema(schema) }
        }
    }

    private mutating func contents(_ contents: [OpenAPIResponses.Content]) {
        value("content") { json in
            json.object { json in
                for content in contents { json.member(content.type) { $0.content(content) } }
            }
        }
    }

    private mutating func content(_ content: OpenAPIResponses.Content) {
        object { json in
            if content.type == "text/event-stream", !content.events.isEmpty {
                json.value("schema") { $0.eventSchema(content.events) }
            } else if let first = content.schemas.first {
                json.value("schema") { $0.schema(content.schemas.count == 1 ? first : .anyOf(content.schemas)) }
            }
            if let example = content.example { json.raw("example", example.text) }
            if !content.events.isEmpty { json.events("x-events", content.events) }
        }
    }

    /// Writes the schema of a stream of Server-Sent Events, which describes each event.
    private mutating func eventSchema(_ events: [RouteDocumentation.Event]) {
        object { json in
            json.objects("anyOf", events) { json, event in
                json.field("type", "object")
                if let text = event.description { json.field("description", text) }
                json.object("properties") { json in
                    json.value("id") { $0.schema(.string) }
                    json.value("event") { $0.schema(.values([event.name])) }
                    json.value("data") { $0.eventData(event.schema) }
                }
                json.array("required", ["event", "data"]) { $0.text($1) }
            }
        }
    }

    /// The data of an event are text; of all schemas but those of strings, the text is JSON.
    private mutating func eventData(_ schema: Schema) {
        switch schema {
        case .string, .values: self.schema(schema)
        default:
            object { json in
                json.field("type", "string")
                json.field("contentMediaType", "application/json")
                json.value("contentSchema") { $0.schema(schema) }
            }
        }
    }

    private mutating func events(_ name: StaticString, _ events: [RouteDocumentation.Event]) {
        objects(name, events) { json, event in
            json.field("event", event.name)
            if let text = event.description { json.field("description", text) }
            json.value("data") { $0.schema(event.schema) }
        }
    }

    private mutating func webSocket(_ socket: RouteDocumentation.WebSocket) {
        object("x-websocket") { json in
            if !socket.protocols.isEmpty { json.array("protocols", socket.protocols) { $0.text($1) } }
            json.events("from-client", socket.fromClient)
            json.events("from-server", socket.fromServer)
        }
    }

    /// Writes the alternatives; an empty one means that no credential is needed.
    private mutating func security(_ access: [Access], _ mode: AuthenticationMode) {
        let needsNone = access.contains { $0.isOpen(in: mode) }
        let takesCredential = access.contains { $0 != .unchecked }
        value("security") { json in
            let alternatives = (needsNone && takesCredential ? [""] : []) + (takesCredential ? ["bearer", "key"] : [])
            json.objects(alternatives) { json, name in
                if !name.isEmpty { json.member(name) { $0.raw("[]") } }
            }
        }
    }
}

extension Access {
    /// Whether a request of this machine needs no credential.
    fileprivate func isOpen(in mode: AuthenticationMode) -> Bool {
        switch self {
        case .unchecked, .anyone, .adminOrLoopback: true
        case .localInOpenMode: mode != .required
        case .identified, .admin: mode == .off
        }
    }
}
