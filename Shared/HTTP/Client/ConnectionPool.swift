import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The connections of one event loop, by where they lead; unused ones are taken again last in, first out.
///
/// `@unchecked Sendable`: all that varies is touched on `eventLoop` alone; every method is called there.
final class ConnectionPool: @unchecked Sendable {
    let eventLoop: any EventLoop
    private let configuration: HTTPClient.Configuration
    private let tls: TLSContext
    private var idle: [HTTPTarget: [HTTPConnection]] = [:]
    /// Open and opening connections.
    private var counts: [HTTPTarget: Int] = [:]
    private var isSweepScheduled = false
    /// The exchanges that are going: one timer for all costs less than one for each.
    private var watched: [HTTPExchange] = []
    private var isTicking = false
    /// How late a limit may be noticed.
    private static let tick = TimeAmount.milliseconds(50)

    init(eventLoop: any EventLoop, configuration: HTTPClient.Configuration, tls: TLSContext) {
        self.eventLoop = eventLoop
        self.tls = tls
        self.configuration = configuration
    }

    /// Gives the exchange a connection, or fails it.
    func lease(to exchange: HTTPExchange) {
        let target = exchange.request.target
        if let connection = idle[target]?.popLast() { return exchange.begin(on: connection) }
        guard counts[target, default: 0] < configuration.maxConnectionsPerHost else {
            let limit = configuration.maxConnectionsPerHost
            return exchange.fail(
                HTTPClientError(.exhausted, "There are already \(limit) connections to \(target.authority).")
            )
        }
        counts[target, default: 0] += 1
        connect(to: target, within: exchange.request.connectTimeout).whenComplete { result in
            do {
                let pipeline = try result.get().pipeline.syncOperations
                let connection = try pipeline.handler(type: HTTPConnection.self)
                connection.isCounted = true
                exchange.begin(on: connection)
            } catch {
                self.discount(target)
                exchange.fail(Self.explain(error, target: target))
            }
        }
    }

    func giveBack(_ connection: HTTPConnection) {
        connection.idleSince = .now()
        idle[connection.target, default: []].append(connection)
        scheduleSweep()
    }

    func forget(_ connection: HTTPConnection) {
        // Of several addresses of a host, connections to more than one may have opened; one was taken.
        guard connection.isCounted else { return }
        connection.isCounted = false
        discount(connection.target)
        idle[connection.target]?.removeAll { $0 === connection }
    }

    /// Closes the idle connections to a target; with an error, also fails its exchanges in progress.
    func closeConnections(to target: HTTPTarget, failing error: HTTPClientError?) {
        for connection in idle.removeValue(forKey: target) ?? [] { connection.abandon() }
        guard let error else { return }
        // A copy: a failed exchange is no longer watched.
        for exchange in watched where exchange.request.target == target { exchange.fail(error) }
    }

    private func discount(_ target: HTTPTarget) {
        let count = counts[target, default: 1] - 1
        counts[target] = count > 0 ? count : nil
    }

    /// Minds the limits of an exchange from now on.
    func watch(_ exchange: HTTPExchange) {
        exchange.watchIndex = watched.count
        watched.append(exchange)
        guard !isTicking else { return }
        isTicking = true
        scheduleTick()
    }

    func unwatch(_ exchange: HTTPExchange) {
        guard let index = exchange.watchIndex else { return }
        exchange.watchIndex = nil
        let last = watched.removeLast()
        guard last !== exchange else { return }
        watched[index] = last
        last.watchIndex = index
    }

    private func scheduleTick() {
        eventLoop.scheduleTask(in: Self.tick) {
            let now = NIODeadline.now()
            // A copy: who is ended is no longer watched.
            for exchange in self.watched { exchange.checkProgress(at: now) }
            self.isTicking = !self.watched.isEmpty
            if self.isTicking { self.scheduleTick() }
        }
    }

    private func connect(to target: HTTPTarget, within limit: Duration?) -> EventLoopFuture<any Channel> {
        guard target.isSecure else { return connect(to: target, within: limit, tls: nil) }
        return tls.context(on: eventLoop).flatMap { self.connect(to: target, within: limit, tls: $0) }
    }

    private func connect(
        to target: HTTPTarget,
        within limit: Duration?,
        tls secure: NIOSSLContext?
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(limit ?? configuration.connectTimeout))
            .channelOption(.recvAllocator, value: ReceiveBuffers.allocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.initialise(channel, target: target, tls: secure)
                }
            }
        // NIO looks names up one after another on each event loop: an address would wait behind names that nobody answers.
        do {
            return bootstrap.connect(to: try SocketAddress(ipAddress: target.host, port: target.port))
        } catch {
            return bootstrap.connect(host: target.host, port: target.port)
        }
    }

    private func initialise(_ channel: any Channel, target: HTTPTarget, tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            let isAddress = AddressLookup.isAddress(target.host)
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : target.host))
        }
        try pipeline.addHandler(WriteCoalescer())
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
        try pipeline.addHandler(HTTPConnection(target: target, pool: self))
    }

    private func scheduleSweep() {
        guard !isSweepScheduled else { return }
        isSweepScheduled = true
        eventLoop.scheduleTask(in: TimeAmount(configuration.idleTimeout)) { self.sweep() }
    }

    private func sweep() {
        isSweepScheduled = false
        let oldest = NIODeadline.now() - TimeAmount(configuration.idleTimeout)
        let stale = idle.values.joined().filter { $0.idleSince <= oldest }
        for connection in stale { connection.abandon() }
        idle = idle.mapValues { connections in connections.filter { $0.idleSince > oldest } }
            .filter { !$0.value.isEmpty }
        if !idle.isEmpty { scheduleSweep() }
    }

    private static func explain(_ error: any Error, target: HTTPTarget) -> HTTPClientError {
        let name = target.authority
        switch error {
        case ChannelError.connectTimeout:
            return HTTPClientError(.connectTimeout, "\(name) did not accept a connection in time.")
        case is NIOSSLError, is NIOSSLExtraError:
            return HTTPClientError(.tls, "No TLS with \(name): \(error).")
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            return HTTPClientError(.connect, "The name \(target.host) is not known.")
        default:
            return HTTPClientError(.connect, "\(name) accepts no connection.")
        }
    }
}
