/// A request to a service that responds with a stream of values.
///
/// A stream ends with an end line; a stream that stops without one is a ``Fault``.
package protocol StreamingEndpoint: Codable, Sendable {
    /// One value of the stream.
    associatedtype Element: Codable & Sendable
    /// The path of the endpoint: `/<plural noun>/<verb>`, unique among all services.
    static var path: String { get }
    /// Whether the request may be sent again when it was lost before the stream started; `false` by default.
    static var isIdempotent: Bool { get }
}

extension StreamingEndpoint {
    package static var isIdempotent: Bool { false }
}
