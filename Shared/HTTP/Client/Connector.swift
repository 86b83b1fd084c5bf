import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Opens the connections of one event loop: name look-up, TCP, the tunnel of a proxy, and TLS, all within one time limit.
struct Connector: Sendable {
    let eventLoop: any EventLoop
    let configuration: HTTPClient.Configuration
    let tls: TLSContext
    let lookups: HostLookups

    /// Opens a connection with the handlers of HTTP; called on the event loop.
    func connect(
        to target: HTTPTarget,
        of pool: ConnectionPool,
        within limit: Duration?
    ) -> EventLoopFuture<any Channel> {
        let limit = limit ?? configuration.connectTimeout
        let route = Route(target: target, proxy: configuration.proxy(target), pool: pool)
        guard target.isSecure else { return open(route, tls: nil, within: limit) }
        let end = NIODeadline.now() + TimeAmount(limit)
        return tls.context(on: eventLoop).flatMap { context in
            let opened = self.open(route, tls: context, within: limit)
            return self.secured(opened, until: end)
        }
    }

    /// Where a connection goes.
    private struct Route: Sendable {
        let target: HTTPTarget
        let proxy: HTTPProxy?
        let pool: ConnectionPool

        /// The peer of the TCP connection.
        var peer: HTTPTarget { proxy?.target ?? target }
    }

    /// Waits for the handshakes of an open connection, and closes it if they take too long.
    private func secured(
        _ opened: EventLoopFuture<any Channel>,
        until end: NIODeadline
    ) -> EventLoopFuture<any Channel> {
        opened.flatMap { channel in
            let timer = eventLoop.scheduleTask(deadline: end) {
                channel.pipeline.fireErrorCaught(ChannelError.connectTimeout(.zero))
                channel.close(promise: nil)
            }
            return handshake(of: channel).always { _ in timer.cancel() }.map { channel }
                .flatMapErrorThrowing { error in
                    channel.close(promise: nil)
                    throw error
                }
        }
    }

    private func handshake(of channel: any Channel) -> EventLoopFuture<Void> {
        let pipeline = channel.pipeline.syncOperations
        do {
            return try pipeline.handler(type: TLSHandshakeHandler.self).ready.futureResult
        } catch {
            // The proxy has not agreed yet.
        }
        do {
            let tunnel = try pipeline.handler(type: ProxyTunnelHandler.self)
            return tunnel.ready.futureResult.flatMap { handshake(of: channel) }
        } catch {
            return eventLoop.makeFailedFuture(ChannelError.eof)
        }
    }

    private func open(
        _ route: Route,
        tls secure: NIOSSLContext?,
        within limit: Duration
    ) -> EventLoopFuture<any Channel> {
        let lookups = lookups
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(limit))
            .channelOption(.recvAllocator, value: ReceiveBuffers.allocator)
            .resolver(HostResolver(lookups: lookups, eventLoop: eventLoop))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.initialize(channel, route, secure) }
            }
        // An address needs no look-up.
        do {
            return bootstrap.connect(to: try SocketAddress(ipAddress: route.peer.host, port: route.peer.port))
        } catch {
            return bootstrap.connect(host: route.peer.host, port: route.peer.port)
        }
    }

    private func initialize(_ channel: any Channel, _ route: Route, _ tls: NIOSSLContext?) throws {
        guard let tls else { return try addHTTP(to: channel, route, proxy: route.proxy) }
        guard let proxy = route.proxy else { return try addTLS(to: channel, route, tls) }
        let tunnel = ProxyTunnelHandler(
            to: route.target,
            through: proxy,
            ready: channel.eventLoop.makePromise(),
            open: { try addTLS(to: $0, route, tls) }
        )
        try channel.pipeline.syncOperations.addHandler(tunnel)
    }

    private func addTLS(to channel: any Channel, _ route: Route, _ tls: NIOSSLContext) throws {
        let pipeline = channel.pipeline.syncOperations
        let host = route.target.host
        let handshake = TLSHandshakeHandler(ready: channel.eventLoop.makePromise())
        let client = try NIOSSLClientHandler(
            context: tls,
            serverHostname: AddressLookup.isAddress(host) ? nil : host
        )
        try pipeline.addHandler(client)
        try pipeline.addHandler(handshake)
        try addHTTP(to: channel, route, proxy: nil)
    }

    private func addHTTP(to channel: any Channel, _ route: Route, proxy: HTTPProxy?) throws {
        let pipeline = channel.pipeline.syncOperations
        let coalescer = WriteCoalescer()
        try pipeline.addHandler(coalescer)
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes)))
        try pipeline.addHandler(
            HTTPConnection(target: route.target, pool: route.pool, coalescer: coalescer, proxy: proxy)
        )
    }

    static func clientError(_ error: any Error, target: HTTPTarget) -> HTTPClientError {
        let name = target.authority
        switch error {
        case let error as HTTPClientError: return error
        case ChannelError.connectTimeout:
            return HTTPClientError(.connectTimeout, "\(name) did not accept a connection in time.")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return HTTPClientError(.tls, "The TLS handshake with \(name) failed: \(error).")
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            return HTTPClientError(.connect, "The host name \(target.host) cannot be resolved.")
        default:
            var result = HTTPClientError(.connect, "\(name) does not accept connections.")
            result.isRefused = isRefusal(error)
            return result
        }
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case let error as IOError: error.errnoCode == ECONNREFUSED
        case let error as NIOConnectionError: error.connectionErrors.allSatisfy { isRefusal($0.error) }
        default: false
        }
    }
}
