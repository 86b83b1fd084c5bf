/// A request to a service that turns its connection into a tunnel of raw bytes.
///
/// Sent as a POST request to the path that asks for an upgrade. The encoded value travels as ASCII JSON in the header
/// `x-endpoint` and is at most 16 KiB long.
package protocol TunnelEndpoint: Codable, Sendable {
    /// The path of the endpoint: `/<plural noun>/<verb>`, unique among all services.
    static var path: String { get }
}
