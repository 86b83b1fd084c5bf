import Contracts
import HTTP
import JSON
import NIOCore
import NIOHTTP1

@testable import GatewayService

extension Surface {
    /// A surface with an error format of its own, `{"detail":"…"}`, as FastAPI has it.
    static func sample(_ services: GatewayServices) -> Surface {
        Surface(
            name: "sample",
            errors: ErrorFormat { fault in
                var json = JSONWriter()
                json.object { $0.field("detail", fault.message) }
                return .json(json, status: HTTPResponseStatus(fault.code.publicStatus))
            },
            prefixes: ["/sample"],
            defaults: Defaults(
                access: .identified,
                slash: .redirect,
                bodyLimit: 1000,
                bodyTimeout: BodyTimeout.Limits(
                    grace: .seconds(4),
                    pause: .seconds(4),
                    minimumRate: 2000
                )
            ),
            routes: [
                Route(.GET, "/sample/items/{id}", access: .anyone) { (_, context: GatewayContext) in
                    .text("item \(context.parameters.get("id") ?? "?")")
                },
                Route(.POST, "/sample/echo", access: .anyone, slash: .both) { (request, _: GatewayContext) in
                    .text(String(buffer: try await request.body.bytes()))
                },
                Route(.POST, "/sample/upload", access: .anyone, bodyLimit: 4_000_000) { (request, _: GatewayContext) in
                    try await upload(request)
                },
                Route(.POST, "/sample/prompt/", access: .anyone) { (request, _: GatewayContext) in
                    .text(String(buffer: try await request.body.bytes()))
                },
                Route(.GET, "/sample/me") { (_, context: AuthenticatedContext) in .text(context.principal.user) },
                Route(.GET, "/sample/admin", access: .admin) { (_, context: AuthenticatedContext) in
                    .text(context.principal.user)
                },
                Route(.GET, "/", when: .hasQuery("guest"), access: .anyone) { (request, _: GatewayContext) in
                    .text("Welcome, \(request.query.values("guest").first ?? "")!")
                },
            ]
        )
    }

    /// Reads slower than its clients send.
    private static func upload(_ request: Request) async throws -> Response {
        guard case .stream(let body) = request.body.source else { return .text("at once") }
        var count = 0
        while let bytes = try await body.next() {
            count += bytes.readableBytes
            if count < 1_000_000 { try await Task.sleep(for: .milliseconds(400)) }
        }
        return .text("\(count)")
    }
}
