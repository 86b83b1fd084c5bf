/// A request to a service that carries a body of bytes and is answered with a body of bytes.
///
/// Sent as a POST request to the path. The bytes are the body; the encoded value travels as ASCII JSON in the header
/// `x-endpoint`, in both directions, and is at most 16 KiB long. `range` and the content headers are passed on.
package protocol ByteEndpoint: Codable, Sendable {
    /// The value beside the bytes of the response.
    associatedtype Response: Codable & Sendable
    /// The path of the endpoint: `/<plural noun>/<verb>`, unique among all services.
    static var path: String { get }
}
