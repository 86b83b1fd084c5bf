import Contracts

/// What the OpenAPI document says of a route, beside what the table of surfaces already has: path, method, access and the
/// format of errors.
struct RouteDocumentation: Sendable {
    /// A few words, without a full stop.
    var summary: String
    var description: String?
    var path: [Parameter] = []
    var query: [Parameter] = []
    var headers: [Parameter] = []
    var body: Body?
    /// The responses that are not errors.
    var responses: [Answer] = []
    /// The statuses of errors, in addition to those of the access level (401, 403, 429) and of every route (400, 500, 503).
    var errors: [Int] = []

    /// A parameter of the path, the query or the headers.
    struct Parameter: Sendable {
        var name: String
        var schema: Schema
        var isRequired = false
        var description: String?
        /// A JSON value.
        var example: RawJSON?
    }

    /// The body of a request.
    struct Body: Sendable {
        var type = "application/json"
        var schema: Schema
        var isRequired = true
        var example: RawJSON?
    }

    /// A response that is not an error.
    struct Answer: Sendable {
        var status = 200
        var description: String
        var type: String? = "application/json"
        var schema: Schema?
        var example: RawJSON?
        /// The headers that clients can use.
        var headers: [Parameter] = []
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
