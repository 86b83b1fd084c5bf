import Contracts
import HTTP
import NIOHTTP1

/// A public interface of the gateway: its routes, the format of its errors, and the defaults of its routes.
///
/// All surfaces are listed in ``GatewaySurfaces``; one ``SurfaceTable`` is built from them at startup.
struct Surface: Sendable {
    /// The name in metrics, startup errors and the OpenAPI document.
    let name: String
    /// What the OpenAPI document says of it, in one or two sentences.
    let description: String
    /// The format of every error response.
    let errors: ErrorFormat
    /// The path prefixes whose unknown paths get this surface's 404, such as `/v1`.
    let prefixes: [String]
    /// The message of its 404 for a method and a target.
    let unknownPath: @Sendable (_ method: String, _ target: String) -> String
    /// The values that its routes use unless they set their own.
    let defaults: Defaults
    let routes: [Route]

    init(
        name: String,
        description: String = "",
        errors: ErrorFormat,
        prefixes: [String] = [],
        unknownPath: @escaping @Sendable (_ method: String, _ target: String) -> String = { _, _ in
            "There is no such path."
        },
        defaults: Defaults = Defaults(),
        routes: [Route]
    ) {
        self.name = name
        self.description = description
        self.errors = errors
        self.prefixes = prefixes
        self.unknownPath = unknownPath
        self.defaults = defaults
        self.routes = routes
    }

    /// The values that a route uses unless it sets its own.
    struct Defaults: Sendable {
        var access = Access.identified
        var slash = SlashPolicy.both
        /// Maximum body size, in bytes.
        var bodyLimit = 1_048_576
        /// How slowly a body may arrive.
        var bodyTimeout = BodyTimeout.Limits()
        /// Whether a bearer token that is not a JWT counts as none in mode `open`, because clients always send one.
        var ignoresPlaceholderTokens = false
    }
}

/// Renders a surface's errors.
struct ErrorFormat: Sendable {
    /// The form of every error body.
    let schema: Schema
    /// The forms of the error bodies of single statuses that differ from ``schema``.
    let schemas: [Int: Schema]
    /// The response for a fault, with a complete body.
    let response: @Sendable (Fault) -> Response
    /// The 429 response for a caller over a rate limit.
    let rateLimited: @Sendable (RateLimitDecision) -> Response
    /// Writes the surface's rate limit headers into any response.
    let writeRateLimit: @Sendable (RateLimitDecision, inout HTTPHeaders) -> Void

    init(
        schema: Schema = .any,
        schemas: [Int: Schema] = [:],
        response: @escaping @Sendable (Fault) -> Response,
        rateLimited: (@Sendable (RateLimitDecision) -> Response)? = nil,
        writeRateLimit: @escaping @Sendable (RateLimitDecision, inout HTTPHeaders) -> Void = { _, _ in }
    ) {
        self.schema = schema
        self.schemas = schemas
        self.response = response
        self.rateLimited =
            rateLimited ?? { response(Fault(.limited, "Too many requests.", retryAfter: $0.retryAfter)) }
        self.writeRateLimit = writeRateLimit
    }
}

/// An error with a response of its own, in the format of the surface that throws it.
protocol RespondingError: Error {
    func response() -> Response
}
