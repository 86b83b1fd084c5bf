import Contracts
import HTTP
import NIOHTTP1

/// The errors that a route can return, found by rendering faults in the format of its surface.
///
/// Pure.
struct RouteErrors {
    /// Faults of which a route's own list of statuses selects: the first one with a status is its example.
    private static let selectable: [Fault] = [
        Fault(.invalid, "`limit` must be an integer from 1 to 100."),
        Fault(.unauthorized, "Missing authorization header"),
        Fault(.forbidden, "This needs the role admin."), Fault(.missing, "Conversation not found"),
        Fault(.wrongMethod, "This path does not support PUT."), Fault(.conflict, "The run has ended."),
        Fault(.keyReused, "The key was used for another request."), Fault(.misdirected, "The host is not allowed."),
        Fault(.limited, "Too many requests.", retryAfter: 1), Fault(.unsupportedType, "The body must be JSON."),
        Fault(.provider, "The model's provider returned an error."),
        Fault(.upstreamAuth, "The provider refused its key."),
        Fault(.notImplemented, "This is not implemented."), Fault(.full, "The disk is full."),
        Fault(.unavailable, "The service does not respond. Try again."), Fault(.timeout, "No response in time."),
    ]
    /// Faults of requests that any route refuses.
    private static let ofEveryRequest: [Fault] = [
        Fault(.invalid, "The path must be in its normal form: see RFC 3986, section 6.2.2."),
        Fault(.requestTimeout, "The request did not arrive in time."), .bodyTooLarge(limit: 1_048_576),
        Fault(.uriTooLong, "The request's target is too long."), Fault(.headersTooLarge, "The headers are too large."),
        Fault(.internal, "An unexpected error occurred."),
        Fault(.unavailable, "The service does not respond. Try again."),
    ]
    /// Faults of routes that ask another service, if only for the user's key.
    private static let ofServices: [Fault] = [
        Fault(.timeout, "No response in time."), Fault(.cut, "The response ended early. Try again."),
        Fault(.limited, "Too many requests.", retryAfter: 1),
        Fault(.unauthorized, "Missing authorization header"),
    ]

    let surface: Surface
    let mode: AuthenticationMode

    /// The statuses of the errors of a route.
    func statuses(of route: Route, _ documentation: RouteDocumentation) -> Set<Int> {
        var faults = Self.ofEveryRequest
        if mode != .required { faults.append(Fault(.misdirected, "The host is not allowed.")) }
        let access = route.options.access ?? surface.defaults.access
        switch access {
        case .unchecked: break
        case .anyone, .identified, .localInOpenMode: faults += Self.ofServices
        case .admin, .adminOrLoopback: faults += Self.ofServices + [Fault(.forbidden, "This needs the role admin.")]
        }
        if access != .unchecked, ![.GET, .HEAD].contains(route.method) {
            faults.append(Fault(.full, "The disk is full."))
        }
        if documentation.body?.type == "application/json" {
            faults.append(Fault(.unsupportedType, "The body must be sent as Content-Type: application/json, in UTF-8."))
        }
        // An encoded slash in a parameter is an unknown path.
        if route.path.contains("{") { faults.append(Fault(.unknownPath, "There is no such path.")) }
        return Set(faults.map(status)).union(documentation.errors)
    }

    private func status(_ fault: Fault) -> Int { Int(surface.errors.response(fault).status.code) }

    /// An error response with a status, as the surface renders it; `nil` if no fault has the status.
    func example(_ status: Int) -> Response? {
        (Self.selectable + Self.ofEveryRequest).lazy.map(surface.errors.response)
            .first { Int($0.status.code) == status }
    }

    /// The form of the body of an error.
    func schema(_ status: Int) -> Schema {
        surface.errors.schemas[status] ?? surface.errors.schema
    }

    /// What a status means to a client.
    static func description(_ status: Int) -> String {
        switch status {
        case 400: "The request is malformed or has an invalid value."
        case 401: "The credential is missing, invalid, expired or revoked."
        case 403: "The caller has no permission."
        case 404: "There is no such path, or no such object of the caller."
        case 405: "The path does not support the method."
        case 408: "The request arrived too slowly."
        case 409: "The state of the object does not allow the operation."
        case 413: "The body is too large."
        case 414: "The request's target is too long."
        case 415: "The body's media type or encoding is not supported."
        case 421: "The gateway does not answer for the host of the request in this authentication mode."
        case 422: "The request cannot be processed: see the message."
        case 429: "A limit is exceeded; `Retry-After` says when to try again."
        case 431: "The headers are too large."
        case 500: "An unexpected error; the log contains the details."
        case 501: "The function is not available on this server."
        case 502: "A provider or another service returned an error."
        case 503: "A service or provider does not respond; a retry may succeed."
        case 504: "A service or provider did not respond in time."
        case 507: "The disk is full."
        default: "\(HTTPResponseStatus(statusCode: status).reasonPhrase)."
        }
    }
}
