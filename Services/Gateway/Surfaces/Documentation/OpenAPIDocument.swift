import Contracts
import JSON
import NIOCore
import NIOHTTP1

/// The OpenAPI 3.1 document of a list of surfaces.
///
/// It is made from the table that answers the requests: paths, methods, access, limits and the form of errors cannot
/// differ from it.
struct OpenAPIDocument: Sendable {
    private let surfaces: [Surface]
    private let mode: AuthenticationMode
    private let paths: OpenAPIPaths

    /// Throws `InvalidRoute` for a path that is not a template.
    init(_ surfaces: [Surface], mode: AuthenticationMode) throws {
        self.surfaces = surfaces
        self.mode = mode
        paths = try OpenAPIPaths(surfaces, mode: mode)
    }

    func encoded() -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("openapi", "3.1.0")
            json.object("info") { json in
                json.field("title", "Parley")
                json.field("version", Version.text)
                json.field("summary", "A self-hosted backend for AI chat.")
                json.field("description", Self.introduction)
            }
            json.objects("servers", ["/"]) { $0.field("url", $1) }
            json.objects("tags", surfaces.filter { !$0.routes.isEmpty }) { json, surface in
                json.field("name", surface.name)
                if !surface.description.isEmpty { json.field("description", surface.description) }
            }
            json.value("paths") { json in
                json.object { json in
                    for path in paths.paths {
                        json.member(path.path) { json in
                            json.object { json in
                                for operation in path.operations {
                                    json.member(operation.method.rawValue.lowercased()) {
                                        $0.operation(operation, mode)
                                    }
                                }
                            }
                        }
                    }
                }
            }
            json.object("components") { write(components: &$0) }
        }
        return json.buffer
    }

    private static let introduction = """
        Every path of every surface of this server. A tag is a surface: a public interface with its own paths and its own \
        form of errors. `x-access` names who may use an operation, and `security` says the same for this server's \
        authentication mode. `x-body-limit` is the maximum size of a body, in bytes. Streams of Server-Sent Events list \
        their events in `x-events`.

        Every response has the headers `X-Request-ID` and `X-Correlation-ID`; responses with a rate limit have \
        `X-RateLimit-*`, and complete ones `Server-Timing`. `HEAD` is answered wherever `GET` \
        is and changes nothing, `OPTIONS` everywhere. \
        A JSON body must be UTF-8 without duplicate keys, NUL characters and more than 64 levels. \
        A method that is not listed is answered with 405, a request that is not HTTP/1.1 with 400, 501 or 505.
        """

    private func write(components json: inout JSONWriter) {
        json.value("securitySchemes") { json in
            json.object { json in
                json.object("bearer") { json in
                    json.field("type", "http")
                    json.field("scheme", "bearer")
                    json.field("bearerFormat", "JWT")
                    json.field(
                        "description",
                        "A JSON Web Token with `exp`, `iss` and `user_id` or `sub`, or an API key that begins with `sk-parley-`."
                    )
                }
                json.object("key") { json in
                    json.field("type", "apiKey")
                    json.field("in", "header")
                    json.field("name", "X-API-Key")
                    json.field("description", "An API key: see `POST /api/v1/keys`.")
                }
            }
        }
        json.value("schemas") { json in
            json.object { json in
                for (name, properties) in schemas.sorted(by: { $0.key < $1.key }) {
                    json.member(name) { $0.component(properties) }
                }
            }
        }
        json.value("responses") { json in
            json.object { json in
                for surface in surfaces { errors(of: surface, &json) }
            }
        }
    }

    private func errors(of surface: Surface, _ json: inout JSONWriter) {
        let errors = RouteErrors(surface: surface, mode: mode)
        let sources = paths.operations.flatMap(\.sources).filter { $0.surface.name == surface.name }
        let statuses = sources.reduce(into: Set<Int>()) { $0.formUnion($1.errorStatuses) }
        for status in statuses.sorted() {
            json.member(OpenAPIResponses.component(surface, status)) { $0.error(status, errors) }
        }
    }

    /// All named schemas.
    private var schemas: [String: [Schema.Property]] {
        let errors = surfaces.flatMap { [$0.errors.schema] + $0.errors.schemas.values }
        return Schema.merged(errors + paths.operations.flatMap(\.sources).flatMap(\.documentation.schemas))
    }
}

extension RouteDocumentation {
    /// Every schema that the documentation uses.
    var schemas: [Schema] {
        let parameters = (path + query + headers + responses.flatMap(\.headers)).map(\.schema)
        let events = responses.flatMap(\.events) + (webSocket.map { $0.fromClient + $0.fromServer } ?? [])
        return parameters + [body?.schema].compactMap { $0 } + responses.compactMap(\.schema) + events.map(\.schema)
    }
}
