import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The connections of one event loop by target; unused ones are reused last in, first out.
///
/// `@unchecked Sendable`: all variables are used on `eventLoop` only; every method is called there.
final class ConnectionPool: @unchecked Sendable {
    let eventLoop: any EventLoop
    private let configuration: HTTPClient.Configuration
    private let tls: TLSContext
    private var idle: [HTTPTarget: [HTTPConnection]] = [:]
    /// Numbers of open and opening connections.
    private var counts: [HTTPTarget: Int] = [:]
    private var isSweepScheduled = false
    /// The exchanges whose timeouts are checked; one timer for all costs less than one for each.
    private var timedExchanges: [HTTPExchange] = []
    private var isTicking = false
    /// The interval between two checks, which is how late a timeout can be noticed.
    private static let tick = TimeAmount.milliseconds(50)

    init(eventLoop: any EventLoop, configuration: HTTPClient.Configuration, tls: TLSContext) {
        self.eventLoop = eventLoop
        self.tls = tls
        self.configuration = configuration
    }

    /// Starts the exchange on an unused or a new connection, or fails it.
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
                exchange.fail(Self.clientError(error, target: target))
            }
        }
    }

    func release(_ connection: HTTPConnection) {
        connection.idleSince = .now()
        idle[connection.target, default: []].append(connection)
        scheduleSweep()
    }

    func remove(_ connection: HTTPConnection) {
        // Connections to several addresses of a host may have opened, of which one was used.
        guard connection.isCounted else { return }
        connection.isCounted = false
        discount(connection.target)
        idle[connection.target]?.removeAll { $0 === connection }
    }

    /// Closes the idle connections to a target; with an error, also fails its exchanges in progress.
    func closeConnections(to target: HTTPTarget, failing error: HTTPClientError?) {
        for connection in idle.removeValue(forKey: target) ?? [] { connection.close() }
        guard let error else { return }
        // A copy: an exchange that fails is removed.
        for exchange in timedExchanges where exchange.request.target == target { exchange.fail(error) }
    }

    private func discount(_ target: HTTPTarget) {
        let count = counts[target, default: 1] - 1
        counts[target] = count > 0 ? count : nil
    }

    /// Checks the timeouts of an exchange from now on.
    func startTimeouts(of exchange: HTTPExchange) {
        exchange.timeoutIndex = timedExchanges.count
        timedExchanges.append(exchange)
        guard !isTicking else { return }
        isTicking = true
        scheduleTick()
    }

    func stopTimeouts(of exchange: HTTPExchange) {
        guard let index = exchange.timeoutIndex else { return }
        exchange.timeoutIndex = nil
        let last = timedExchanges.removeLast()
        guard last !== exchange else { return }
        timedExchanges[index] = last
        last.timeoutIndex = index
    }

    private func scheduleTick() {
        eventLoop.scheduleTask(in: Self.tick) {
            let now = NIODeadline.now()
            // A copy: who is ended is no longer timedExchanges.
            for exchange in self.timedExchanges { exchange.checkProgress(at: now) }
            self.isTicking = !self.timedExchanges.isEmpty
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
                    try self.initialize(channel, target: target, tls: secure)
                }
            }
        // NIO resolves names one after another on each event loop: an address would wait for unresponsive name servers.
        do {
            return bootstrap.connect(to: try SocketAddress(ipAddress: target.host, port: target.port))
        } catch {
            return bootstrap.connect(host: target.host, port: target.port)
        }
    }

    private func initialize(_ channel: any Channel, target: HTTPTarget, tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            let isAddress = AddressLookup.isAddress(target.host)
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : target.host))
        }
        let coalescer = WriteCoalescer()
        try pipeline.addHandler(coalescer)
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes)))
        try pipeline.addHandler(HTTPConnection(target: target, pool: self, coalescer: coalescer))
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
        for connection in stale { connection.close() }
        idle = idle.mapValues { connections in connections.filter { $0.idleSince > oldest } }
            .filter { !$0.value.isEmpty }
        if !idle.isEmpty { scheduleSweep() }
    }

    private static func clientError(_ error: any Error, target: HTTPTarget) -> HTTPClientError {
        let name = target.authority
        switch error {
        case ChannelError.connectTimeout:
            return HTTPClientError(.connectTimeout, "\(name) did not accept a connection in time.")
        case is NIOSSLError, is NIOSSLExtraError:
            return HTTPClientError(.tls, "The TLS handshake with \(name) failed: \(error).")
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            return HTTPClientError(.connect, "The host name \(target.host) cannot be resolved.")
        default:
            return HTTPClientError(.connect, "\(name) does not accept connections.")
        }
    }
}
