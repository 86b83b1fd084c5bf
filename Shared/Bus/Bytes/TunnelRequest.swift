package import NIOHTTP1

/// The handshake of a tunnel.
package struct TunnelRequest: Sendable {
    /// The protocol that the client asks for, such as `websocket`.
    package var protocolName: String
    /// The headers of a WebSocket handshake, if it is one.
    package var headers: HTTPHeaders
}
