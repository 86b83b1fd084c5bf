/// A request to a service, as a value.
///
/// The encoded value is the body of a POST request to the path.
package protocol Endpoint: Codable, Sendable {
    /// The value in the response body.
    associatedtype Response: Codable & Sendable
    /// The path of the endpoint: `/<plural noun>/<verb>`, unique among all services.
    static var path: String { get }
    /// Whether the request may be sent again when its response was lost; `false` by default.
    ///
    /// The bus repeats such a request once, on another replica.
    static var isIdempotent: Bool { get }
}

extension Endpoint {
    package static var isIdempotent: Bool { false }
}

/// The empty response of an endpoint that only has an effect.
package struct Done: Codable, Sendable, Equatable {
    package init() {}
}
