package import HTTP
package import NIOHTTP1

/// The acceptance of a tunnel.
package struct TunnelResponse: Sendable {
    /// The headers of a WebSocket handshake, if it is one; others are dropped.
    package var headers: HTTPHeaders
    /// Uses the tunnel.
    ///
    /// When it returns, the connection ends properly; when it throws, the connection is reset.
    package var run: @Sendable (ByteTunnel) async throws -> Void

    package init(headers: HTTPHeaders = [:], _ run: @escaping @Sendable (ByteTunnel) async throws -> Void) {
        self.headers = headers
        self.run = run
    }
}
