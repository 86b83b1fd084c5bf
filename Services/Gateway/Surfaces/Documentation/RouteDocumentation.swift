import Contracts

/// What the OpenAPI document says of a route, beside what the table of surfaces already has: path, method, access and the
/// format of errors.
struct RouteDocumentation: Sendable {
    /// A few words, without a full stop.
    var summary: String
    var description: String?
    /// The parameters of the path; their names are those of the template.
    var path: [Parameter] = []
    var query: [Parameter] = []
    var headers: [Parameter] = []
    var body: Body?
    /// The responses that are not errors, and errors whose body differs from the surface's error format.
    var responses: [Answer] = []
    /// The statuses of errors, in addition to those of the access level (401, 403, 429) and those that every route can
    /// return: see ``RouteErrors``.
    var errors: [Int] = []
    /// The messages, where the route upgrades the connection to a WebSocket.
    var webSocket: WebSocket?

    /// A parameter of the path, the query or the headers.
    struct Parameter: Sendable {
        var name: String
        var schema: Schema
        var isRequired = false
        var description: String?
        /// A JSON value.
        var example: RawJSON?
        /// The value of an absent parameter, as JSON.
        var defaultValue: RawJSON?
    }

    /// The body of a request.
    struct Body: Sendable {
        var type = "application/json"
        var schema: Schema
        var isRequired = true
        /// A valid body; every body needs one.
        var example: RawJSON?
    }

    /// A response with one media type; several answers with the same status differ in their media type.
    struct Answer: Sendable {
        var status = 200
        var description: String
        var type: String? = "application/json"
        var schema: Schema?
        var example: RawJSON?
        /// The headers that clients can use.
        var headers: [Parameter] = []
        /// The events of a stream of Server-Sent Events, or the kinds of lines of another stream.
        var events: [Event] = []
    }

    /// An event of a stream of Server-Sent Events.
    struct Event: Sendable {
        /// The value of `event`; `message` for events without one.
        var name: String
        /// The form of `data`; a text that is not JSON is a ``Schema/string``.
        var schema: Schema
        var description: String?
    }

    /// What travels over a WebSocket.
    struct WebSocket: Sendable {
        /// The values of `Sec-WebSocket-Protocol` that the server accepts.
        var protocols: [String] = []
        var fromClient: [Event] = []
        var fromServer: [Event] = []
    }
}

extension Route {
    /// Returns the route with its documentation.
    func documented(_ documentation: RouteDocumentation) -> Route {
        var route = self
        route.documentation = documentation
        return route
    }
}
