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
    private var idle: [HTTPTarget: [HTTPConnection]] = [:]
    /// Open and opening connections.
    private var counts: [HTTPTarget: Int] = [:]
    private var tls: NIOSSLContext?
    private var isSweepScheduled = false
    /// The exchanges that are going: one timer for all costs less than one for each.
    private var watched: [HTTPExchange] = []
    private var isTicking = false
    /// How late a limit may be noticed.
    private static let tick = TimeAmount.milliseconds(50)

    init(eventLoop: any EventLoop, configuration: HTTPClient.Configuration) {
        self.eventLoop = eventLoop
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
        connect(to: target).whenComplete { result in
            switch result {
            case .success(let connection): exchange.begin(on: connection)
            case .failure(let error):
                self.counts[target, default: 1] -= 1
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
        counts[connection.target, default: 1] -= 1
        idle[connection.target]?.removeAll { $0 === connection }
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

    private func connect(to target: HTTPTarget) -> EventLoopFuture<HTTPConnection> {
        let secure: NIOSSLContext?
        do {
            secure = target.isSecure ? try tlsContext() : nil
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.recvAllocator, value: ReadBuffers.allocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.initialise(channel, target: target, tls: secure)
                }
            }
            .connect(host: target.host, port: target.port)
            .flatMapThrowing { channel in
                try channel.pipeline.syncOperations.handler(type: HTTPConnection.self)
            }
    }

    private func initialise(_ channel: any Channel, target: HTTPTarget, tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            let isAddress = AddressLookup.isAddress(target.host)
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : target.host))
        }
        try pipeline.addHandler(WriteJoiner())
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
        try pipeline.addHandler(HTTPConnection(target: target, pool: self))
    }

    private func tlsContext() throws -> NIOSSLContext {
        if let tls { return tls }
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        tls = context
        return context
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
        default:
            return HTTPClientError(.connect, "\(name) accepts no connection.")
        }
    }
}
