import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayService

/// The documentation of the routes is complete, consistent and true.
@Suite(.timeLimit(.minutes(5)))
struct DocumentationTests {
    @Test(arguments: [AuthenticationMode.required, .open, .off])
    func `every route of every surface is documented`(_ mode: AuthenticationMode) async throws {
        try await DocumentedSurfaces.with(mode) { _, documented in
            for surface in documented.surfaces where !surface.routes.isEmpty {
                #expect(!surface.description.isEmpty, "\(surface.name)")
                #expect(surface.errors.schema != .any, "\(surface.name) does not say what its errors look like.")
                for route in surface.routes {
                    let name = "\(route.method) \(route.path)"
                    let documentation = try #require(route.documentation, "\(name) is not documented.")
                    #expect(!documentation.summary.hasSuffix("."), "\(name)")
                    #expect(!documentation.responses.isEmpty, "\(name) has no response.")
                    #expect(documentation.body == nil || documentation.body?.example != nil, "\(name) has no example.")
                    let parameters = try PathTemplate(route.path).parameters
                    #expect(Set(documentation.path.map(\.name)) == Set(parameters), "\(name)")
                    for answer in documentation.responses where answer.type != nil {
                        #expect(answer.schema != nil, "\(name) has a response without a schema.")
                        #expect(
                            answer.type != "text/event-stream" || !answer.events.isEmpty,
                            "\(name) lists no events."
                        )
                    }
                }
            }
        }
    }

    @Test func `operations and named schemas have unique names`() async throws {
        try await DocumentedSurfaces.with { _, documented in
            let names = documented.paths.operations.map(\.id)
            #expect(Set(names).count == names.count)
            var schemas: [String: [Schema.Property]] = [:]
            let all = documented.paths.operations.flatMap(\.sources).flatMap(\.documentation.schemas)
            for schema in all + documented.surfaces.flatMap({ [$0.errors.schema] + $0.errors.schemas.values }) {
                for (name, properties) in schema.components {
                    #expect(schemas[name] ?? properties == properties, "Two different schemas are named \(name).")
                    schemas[name] = properties
                }
            }
            #expect(schemas.count > 20)
        }
    }

    @Test func `examples match their schemas`() async throws {
        try await DocumentedSurfaces.with { _, documented in
            for source in documented.paths.operations.flatMap(\.sources) {
                let documentation = source.documentation
                for parameter in documentation.path + documentation.query + documentation.headers {
                    for text in [parameter.example?.text, parameter.defaultValue?.text].compactMap({ $0 }) {
                        let found = try SchemaValidator.violations(JSONValue(text), parameter.schema)
                        #expect(found == [], "\(source.route.path) \(parameter.name)")
                    }
                }
                if let body = documentation.body, let example = body.example {
                    let found = try SchemaValidator.violations(JSONValue(example.text), body.schema)
                    #expect(found == [], "\(source.route.path)")
                }
                for answer in documentation.responses {
                    guard let schema = answer.schema, let example = answer.example else { continue }
                    let found = try SchemaValidator.violations(JSONValue(example.text), schema)
                    #expect(found == [], "\(source.route.path)")
                }
            }
        }
    }

    @Test func `every error has the form that its surface documents`() async throws {
        let codes: [Fault.Code] = [
            .invalid, .unauthorized, .forbidden, .missing, .conflict, .keyReused, .tooLarge, .limited, .unavailable,
            .unreachable, .timeout, .cut, .provider, .upstreamAuth, .rejected, .contextTooLong, .quotaExceeded, .full,
            .internal, .unknownPath, .wrongMethod, .unsupportedType, .requestTimeout, .uriTooLong, .headersTooLarge,
            .misdirected, .notImplemented, .unsupportedVersion, .keyInvalidated,
        ]
        try await DocumentedSurfaces.with { _, documented in
            for surface in documented.surfaces {
                for code in codes {
                    let response = surface.errors.response(Fault(code, "A sentence.", retryAfter: 2))
                    guard case .whole(let body) = response.body else {
                        Issue.record("\(surface.name) answers \(code) with a stream.")
                        continue
                    }
                    let violations = SchemaValidator.violations(
                        try JSONValue(String(buffer: body)),
                        RouteErrors(surface: surface, mode: .open).schema(Int(response.status.code))
                    )
                    #expect(violations == [], "\(surface.name), \(code.rawValue)")
                }
            }
        }
    }
}
