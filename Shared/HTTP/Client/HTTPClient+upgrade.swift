package import NIOHTTP1

extension HTTPClient {
    /// The result of a request for an upgrade.
    package enum Upgrade: Sendable {
        /// The server switched protocols: the headers of its `101`, and the connection.
        case accepted(HTTPHeaders, ByteTunnel)
        /// The server sent an ordinary response.
        case refused(Response)
    }

    /// Asks the server to switch the connection to another protocol.
    ///
    /// The connection leaves the pool if the server agrees. Throws like ``send(_:)``.
    package func upgrade(_ request: Request, to protocolName: String) async throws -> Upgrade {
        var request = request
        request.headers.replaceOrAdd(name: "connection", value: "upgrade")
        request.headers.replaceOrAdd(name: "upgrade", value: protocolName)
        let exchange = try exchange(for: request)
        exchange.acceptsUpgrade = true
        let head = try await head(of: exchange)
        if let tunnel = exchange.tunnel { return .accepted(head.headers, tunnel) }
        let body = Body(exchange: exchange)
        return .refused(Response(status: Int(head.status.code), headers: head.headers, body: body))
    }
}
