import Contracts
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayService

/// The routes of all surfaces in one table.
struct SurfaceTableTests {
    private static func surface(_ name: String, prefixes: [String] = [], _ routes: [Route]) -> Surface {
        Surface(name: name, errors: ErrorFormat { _ in .text(name) }, prefixes: prefixes, routes: routes)
    }

    private static func route(
        _ method: HTTPMethod,
        _ path: String,
        when condition: RouteCondition? = nil,
        slash: SlashPolicy? = nil
    ) -> Route {
        Route(method, path, when: condition, slash: slash) { (_, _: GatewayContext) in .text(path) }
    }

    private static func resolve(_ table: SurfaceTable, _ method: HTTPMethod, _ target: String) -> Resolution {
        table.resolve(HTTPRequestHead(version: .http1_1, method: method, uri: target))
    }

    /// The metric name of the route, or what else was found.
    private static func describe(_ resolution: Resolution) -> String {
        switch resolution.action {
        case .route(let entry): "\(entry.surface.name) \(entry.metrics.route)"
        case .redirect(let location): "redirect \(location)"
        case .options(let allow): "options \(allow)"
        case .methodNotAllowed(let allow): "405 \(allow)"
        case .unknownPath: "404 \(resolution.surface.name)"
        }
    }

    /// The surfaces whose paths meet: `/conversation` and `/conversation/{id}` belong to two of them.
    private static let table = try? SurfaceTable([
        surface(
            "native",
            prefixes: ["/api/v1"],
            [
                route(.GET, "/"), route(.GET, "/api/v1/models"), route(.GET, "/api/v1/models/pulls"),
                route(.DELETE, "/api/v1/models/pulls/{job}"), route(.GET, "/api/v1/models/{model...}"),
                route(.DELETE, "/api/v1/models/{model...}"),
            ]
        ),
        surface(
            "list",
            prefixes: ["/conversation"],
            [route(.GET, "/conversation", slash: .redirect), route(.POST, "/conversation", slash: .redirect)]
        ),
        surface(
            "agent",
            [
                route(.GET, "/conversation/{id}", slash: .exact), route(.POST, "/api/prompt/", slash: .redirect),
                route(.PUT, "/a/{x}/c"), route(.PUT, "/a/b/d"),
            ]
        ),
        surface("session", [route(.GET, "/", when: .hasQuery("username"))]),
        surface("page", [route(.GET, "/", when: .acceptsHTML)]),
        surface("openai", prefixes: ["/v1"], [route(.POST, "/v1/chat/completions")]),
    ])

    @Test(
        arguments: [
            (.GET, "/", "native /"), (.GET, "/?username=A", "session /"), (.GET, "/?username", "session /"),
            (.GET, "/?user=A", "native /"), (.HEAD, "/", "native /"), (.GET, "/conversation", "list /conversation"),
            (.GET, "/conversation?x", "list /conversation"), (.GET, "/conversation/", "redirect /conversation"),
            (.POST, "/conversation/?a=b/", "redirect /conversation?a=b/"),
            (.GET, "/conversation/7", "agent /conversation/{id}"),
            (.GET, "/conversation/7/", "404 agent"), (.POST, "/conversation/7", "405 GET, HEAD"),
            (.DELETE, "/conversation", "405 GET, HEAD, POST"), (.DELETE, "/conversation/", "redirect /conversation"),
            (.POST, "/api/prompt", "redirect /api/prompt/"), (.POST, "/api/prompt/", "agent /api/prompt/"),
            (.PUT, "/a/b/c", "agent /a/{x}/c"), (.PUT, "/a/b/d", "agent /a/b/d"), (.PUT, "/a/x/d", "404 native"),
            (.GET, "/api/v1/models/", "native /api/v1/models"),
            (.GET, "/api/v1/models/a/b", "native /api/v1/models/{model...}"),
            (.GET, "/api/v1/models/a%2Fb/", "native /api/v1/models/{model...}"),
            (.GET, "/api/v1/models/pulls", "native /api/v1/models/pulls"),
            (.DELETE, "/api/v1/models/pulls", "405 GET, HEAD"), (.PUT, "/api/v1/models/x", "405 DELETE, GET, HEAD"),
            (.DELETE, "/api/v1/models/pulls/a%2fb", "404 native"), (.GET, "/api/v1/models//a", "404 native"),
            (.OPTIONS, "/v1/chat/completions", "options POST, OPTIONS"),
            (.POST, "/v1/chat/completions/", "openai /v1/chat/completions"),
            (.POST, "//v1/chat/completions", "404 openai"), (.POST, "/v1/v1/chat/completions", "404 openai"),
            (.POST, "/v1//chat/completions", "404 openai"), (.GET, "/v1", "404 openai"),
            (.GET, "/v1?x=/y", "404 openai"),
            (.GET, "/v10", "404 native"), (.GET, "//", "404 native"), (.GET, "", "404 native"),
            (.GET, "*", "404 native"),
            (.GET, "/nothing", "404 native"), (.GET, "/\(String(repeating: "a/", count: 4000))", "404 native"),
        ] as [(HTTPMethod, String, String)]
    )
    func `a request has one route, or the surface's own answer`(
        _ method: HTTPMethod,
        _ target: String,
        _ expected: String
    ) throws {
        let table = try #require(Self.table)
        #expect(Self.describe(Self.resolve(table, method, target)) == expected, "\(method) \(target.prefix(60))")
    }

    @Test func `a browser gets its own route`() throws {
        let table = try #require(Self.table)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["accept": "text/html,*/*"])
        #expect(Self.describe(table.resolve(head)) == "page /")
    }

    @Test func `parameters are decoded one by one`() throws {
        let table = try #require(Self.table)
        let resolution = Self.resolve(table, .GET, "/api/v1/models/hf.co%2Fa/b%3Ac%2520?x")
        #expect(resolution.parameters.get("model") == "hf.co/a/b:c%20")
        #expect(Self.resolve(table, .GET, "/api/v1/models/%FF").parameters.get("model") == nil)
        #expect(Self.resolve(table, .GET, "/conversation/a+b").parameters.get("id") == "a+b")
    }

    @Test(arguments: [
        [("GET", "/a"), ("GET", "/a")], [("GET", "/a"), ("GET", "/a/")], [("GET", "/a/{x}"), ("GET", "/a/{y}")],
        [("GET", "/a/{x...}"), ("GET", "/a/{y...}")],
    ])
    func `two routes for the same requests stop the start`(_ routes: [(String, String)]) {
        #expect(throws: InvalidRoute.self) {
            try SurfaceTable(
                routes.enumerated().map { index, route in
                    Self.surface("s\(index)", [Self.route(HTTPMethod(rawValue: route.0), route.1)])
                }
            )
        }
    }

    @Test(arguments: ["", "a", "/a//b", "/a?b", "/{}", "/{a}b", "/{a...}/b", "/{a}/{a}", "/{a...}/", "/a{", "/{a}{b}"])
    func `a path that is not a template stops the start`(_ path: String) {
        #expect(throws: InvalidRoute.self) { try SurfaceTable([Self.surface("s", [Self.route(.GET, path)])]) }
    }

    @Test func `a handler that needs a principal cannot be open to everybody`() {
        let route = Route(.GET, "/a", access: .anyone) { (_, context: AuthenticatedContext) in
            .text(context.principal.user)
        }
        #expect(throws: InvalidRoute.self) { try SurfaceTable([Self.surface("s", [route])]) }
    }

    @Test func `a prefix has one owner`() {
        #expect(throws: InvalidRoute.self) {
            try SurfaceTable([Self.surface("a", prefixes: ["/x"], []), Self.surface("b", prefixes: ["/x/"], [])])
        }
    }

    @Test func `a condition is needed once`() {
        let routes = [Self.route(.GET, "/", when: .hasQuery("a")), Self.route(.GET, "/", when: .hasQuery("a"))]
        #expect(throws: InvalidRoute.self) { try SurfaceTable([Self.surface("s", routes)]) }
    }
}
