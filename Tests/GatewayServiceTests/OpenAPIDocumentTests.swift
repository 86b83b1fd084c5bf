import Contracts
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayService

/// How the OpenAPI document describes what is special: shared paths, WebSockets, streams, access.
struct OpenAPIDocumentTests {
    private static func surface(
        _ name: String,
        access: Access = .identified,
        member: String,
        _ routes: [Route]
    ) -> Surface {
        Surface(
            name: name,
            description: "The surface \(name).",
            errors: ErrorFormat(schema: .object(name: "Error\(name)", [.required(member, .string)])) { fault in
                .text("{\"\(member)\":\"\(fault.message)\"}", status: HTTPResponseStatus(fault.code.publicStatus))
            },
            defaults: Surface.Defaults(access: access),
            routes: routes
        )
    }

    private static func route(
        _ method: HTTPMethod,
        _ path: String,
        when condition: RouteCondition? = nil,
        _ documentation: RouteDocumentation
    ) -> Route {
        Route(method, path, when: condition) { (_, _: GatewayContext) in .text("") }.documented(documentation)
    }

    private static let surfaces = [
        surface(
            "A",
            member: "error",
            [
                route(.GET, "/", .init(summary: "A's", responses: [.init(description: "Text.", schema: .string)])),
                route(.GET, "/items/{id}", .init(summary: "Item", responses: [], errors: [404])),
                route(
                    .GET,
                    "/live/{name...}",
                    .init(
                        summary: "Live",
                        responses: [.init(status: 101, description: "Upgraded.", type: nil)],
                        webSocket: .init(
                            protocols: ["live.v1"],
                            fromServer: [.init(name: "final", schema: .object([.required("text", .string)]))]
                        )
                    )
                ),
            ]
        ),
        surface(
            "B",
            access: .localInOpenMode,
            member: "detail",
            [
                route(
                    .GET,
                    "/",
                    when: .hasQuery("username"),
                    .init(
                        summary: "B's",
                        query: [.init(name: "username", schema: .string, isRequired: true)],
                        responses: [.init(description: "Number.", schema: .integer())]
                    )
                ),
                route(
                    .DELETE,
                    "/items/{item}",
                    .init(
                        summary: "Delete",
                        path: [.init(name: "item", schema: .uuid, isRequired: true)],
                        responses: [
                            .init(
                                description: "Events.",
                                type: "text/event-stream",
                                schema: .string,
                                events: [.init(name: "gone", schema: .object([.required("count", .count)]))]
                            )
                        ]
                    )
                ),
            ]
        ),
    ]

    private static func document(_ mode: AuthenticationMode = .open) throws -> [String: Any] {
        try WireJSON.object(String(buffer: OpenAPIDocument(surfaces, mode: mode).encoded()))
    }

    private static func value(_ document: Any?, _ keys: String...) -> Any? {
        keys.reduce(document) { value, key in
            if let index = Int(key), let array = value as? [Any] {
                return array.indices.contains(index) ? array[index] : nil
            }
            return (value as? [String: Any])?[key]
        }
    }

    @Test func `routes that share a method and a path are one operation`() throws {
        let operation = Self.value(try Self.document(), "paths", "/", "get")
        #expect(Self.value(operation, "tags") as? [String] == ["A", "B"])
        #expect(Self.value(operation, "x-access") as? String == "identified or localInOpenMode")
        let schemas = Self.value(operation, "responses", "200", "content", "application/json", "schema", "anyOf")
        #expect((schemas as? [[String: String]])?.compactMap { $0["type"] } == ["string", "integer"])
        let parameter = Self.value(operation, "parameters", "0")
        #expect(Self.value(parameter, "name") as? String == "username")
        #expect(Self.value(parameter, "required") == nil)
        let description = Self.value(operation, "description") as? String
        #expect(description?.contains("With query parameter username: B's.") == true)
        // Their errors differ, so that the response is a choice.
        let errors = Self.value(operation, "responses", "401", "content", "application/json", "schema", "anyOf")
        #expect((errors as? [Any])?.count == 2)
    }

    @Test func `a path has one set of parameter names`() throws {
        let document = try Self.document()
        #expect(Self.value(document, "paths", "/items/{item}") == nil)
        let parameter = Self.value(document, "paths", "/items/{id}", "delete", "parameters", "0")
        #expect(Self.value(parameter, "name") as? String == "id")
        #expect(Self.value(parameter, "schema", "format") as? String == "uuid")
        let errors = Self.value(document, "paths", "/items/{id}", "get", "responses", "404", "$ref")
        #expect(errors as? String == "#/components/responses/A.404")
        let example = Self.value(document, "components", "responses", "A.404", "content", "application/json", "example")
        #expect(Self.value(example, "error") as? String == "Conversation not found")
    }

    @Test func `the rest of a path is a parameter, and a WebSocket has messages`() throws {
        let operation = Self.value(try Self.document(), "paths", "/live/{name}", "get")
        #expect(Self.value(operation, "operationId") as? String == "getLiveByName")
        #expect(Self.value(operation, "x-websocket", "protocols") as? [String] == ["live.v1"])
        let text = Self.value(operation, "x-websocket", "from-server", "0", "data", "properties", "text", "type")
        #expect(text as? String == "string")
        #expect(Self.value(operation, "responses", "101", "description") as? String == "Upgraded.")
    }

    @Test func `the schema of a stream describes each event`() throws {
        let content = Self.value(
            try Self.document(),
            "paths",
            "/items/{id}",
            "delete",
            "responses",
            "200",
            "content",
            "text/event-stream"
        )
        let event = Self.value(content, "schema", "anyOf", "0", "properties")
        #expect(Self.value(event, "event", "enum") as? [String] == ["gone"])
        #expect(Self.value(event, "data", "contentSchema", "properties", "count", "type") as? String == "integer")
        #expect(Self.value(content, "x-events", "0", "event") as? String == "gone")
    }

    @Test(arguments: [(AuthenticationMode.required, 2, 2), (.open, 2, 3), (.off, 3, 3)])
    func `security depends on the mode`(_ mode: AuthenticationMode, _ identified: Int, _ local: Int) throws {
        let paths = try Self.document(mode)["paths"]
        #expect((Self.value(paths, "/items/{id}", "get", "security") as? [Any])?.count == identified)
        #expect((Self.value(paths, "/items/{id}", "delete", "security") as? [Any])?.count == local)
        #expect((Self.value(paths, "/items/{id}", "get", "responses", "421") == nil) == (mode == .required))
    }
}
