import HTTP
import NIOHTTP1

/// A route of a surface: a method, a path template, and the handler of its requests.
///
/// In a template, `{name}` matches one path segment, and `{name...}` at the end matches the rest of the path.
struct Route: Sendable {
    /// Answers a request; a handler that needs a principal takes ``AuthenticatedContext`` instead.
    typealias Handler = @Sendable (Request, GatewayContext) async throws -> Response
    /// Answers a request of a known principal.
    typealias AuthenticatedHandler = @Sendable (Request, AuthenticatedContext) async throws -> Response

    let method: HTTPMethod
    let path: String
    /// Distinguishes routes of the same method and path.
    let condition: RouteCondition?
    let options: Options
    /// Whether the handler takes ``AuthenticatedContext``.
    let needsPrincipal: Bool
    let handler: Handler
    /// Every route of the gateway must have one.
    var documentation: RouteDocumentation?
    /// Whether a request with `GET` changes something; if so, the route does not answer `HEAD`, which must not.
    private(set) var changesState = false

    /// The route as one whose `GET` changes something.
    func changingState() -> Route {
        var route = self
        route.changesState = true
        return route
    }

    /// What a route sets for itself; `nil` stands for the surface's default.
    struct Options: Sendable {
        var access: Access?
        var slash: SlashPolicy?
        var bodyLimit: Int?
        var bodyTimeout: BodyTimeout.Limits?
        /// The route's name in metrics; by default its path template.
        var metricName: String?
    }

    /// A route that may be used without a principal; requires one only where its access level does.
    init(
        _ method: HTTPMethod,
        _ path: String,
        when condition: RouteCondition? = nil,
        access: Access? = nil,
        slash: SlashPolicy? = nil,
        bodyLimit: Int? = nil,
        bodyTimeout: BodyTimeout.Limits? = nil,
        metricName: String? = nil,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.condition = condition
        options = Options(
            access: access,
            slash: slash,
            bodyLimit: bodyLimit,
            bodyTimeout: bodyTimeout,
            metricName: metricName
        )
        needsPrincipal = false
        self.handler = handler
    }

    /// A route whose handler needs a principal.
    init(
        _ method: HTTPMethod,
        _ path: String,
        when condition: RouteCondition? = nil,
        access: Access? = nil,
        slash: SlashPolicy? = nil,
        bodyLimit: Int? = nil,
        bodyTimeout: BodyTimeout.Limits? = nil,
        metricName: String? = nil,
        _ handler: @escaping AuthenticatedHandler
    ) {
        self.method = method
        self.path = path
        self.condition = condition
        options = Options(
            access: access,
            slash: slash,
            bodyLimit: bodyLimit,
            bodyTimeout: bodyTimeout,
            metricName: metricName
        )
        needsPrincipal = true
        self.handler = { request, context in try await handler(request, AuthenticatedContext(context: context)) }
    }
}

/// How a path with a trailing slash, and the same path without one, are treated.
enum SlashPolicy: Sendable {
    /// Only the form of the template exists.
    case exact
    /// Both forms are the same route.
    case both
    /// The other form is redirected to the form of the template, with status 307.
    case redirect
}

/// Decides between routes of the same method and path.
///
/// Routes with a condition are tried in the order of their surfaces; the route without one takes all other requests.
struct RouteCondition: Sendable {
    /// The name in startup errors.
    let name: String
    let matches: @Sendable (HTTPRequestHead, RequestQuery) -> Bool

    /// The query has a parameter of this name.
    static func hasQuery(_ parameter: String) -> RouteCondition {
        RouteCondition(name: "query parameter \(parameter)") { _, query in !query.values(parameter).isEmpty }
    }

    /// The client is a browser that asks for a page.
    static let acceptsHTML = RouteCondition(name: "accepts HTML") { head, _ in
        head.headers["accept"].contains { $0.lowercased().contains("text/html") }
    }
}
