/// An endpoint that answers with many values, one after another.
///
/// A stream ends with an explicit end line; one that stops without it was cut, and is a ``Fault``.
package protocol StreamingEndpoint: Codable, Sendable {
    /// One value of the stream.
    associatedtype Element: Codable & Sendable
    /// Where the endpoint is served: `/<plural noun>/<verb>`, unique in the whole house.
    static var path: String { get }
}
