import Logging
import NIOCore
import NIOHTTP1

/// Switching to another protocol.
extension ServerConnection {
    /// The request does not ask for the protocol that the response switches to.
    struct UpgradeNotRequested: Error {}

    /// Holds the input after a request that asks for another protocol, until the response decides what it is.
    func holdInput(_ context: ChannelHandlerContext) {
        guard tunnel == nil else { return }
        let tunnel = TunnelHandler()
        do {
            try context.pipeline.syncOperations.addHandler(tunnel, position: .after(coalescer))
            self.tunnel = tunnel
        } catch {
            context.fireErrorCaught(error)
        }
    }

    /// Writes the head of an upgrade, and starts the tunnel once the HTTP decoder is removed.
    ///
    /// Throws ``UpgradeNotRequested``, or `ChannelError.ioOnClosedChannel`.
    func upgrade(
        _ response: ServerResponse,
        of id: UInt64,
        _ run: @escaping @Sendable (ByteTunnel) async throws -> Void
    ) throws {
        let context = try writableContext(id)
        guard let tunnel, isUpgradable, response.headers.contains(name: "upgrade") else { throw UpgradeNotRequested() }
        let switched = try context.switchProtocol(from: HTTPRequestDecoder.self, to: tunnel)
        var headers = response.headers
        headers.replaceOrAdd(name: "connection", value: "upgrade")
        headers.add(name: "date", value: HTTPDate.now)
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isResponseEnded = true
        tunnel.shutdownTimeout = configuration.tunnelShutdownTimeout
        let writer = ResponseWriter(connection: bound(context), responseID: id)
        let bytes = ByteTunnel(tunnel, eventLoop: context.eventLoop)
        let bound = bound(context)
        replaceTask {
            do { try await switched.get() } catch {
                // The connection was closed meanwhile; the tunnel reports it to its handler.
            }
            await writer.run(run, bytes)
        }
        switched.whenSuccess { bound.value.tunnel?.open() }
        if isShuttingDown { tunnel.requestShutdown() }
    }
}

extension HTTPRequestHead {
    /// Whether the decoder stops after this request, so that the connection can switch protocols.
    var asksForUpgrade: Bool {
        version == .http1_1 && method != .CONNECT && headers.contains(name: "upgrade")
            && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }
}
