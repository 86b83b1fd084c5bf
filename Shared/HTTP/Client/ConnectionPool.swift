import NIOCore
import NIOPosix

/// The connections of one event loop by target; unused ones are reused last in, first out.
///
/// `@unchecked Sendable`: all variables are used on `eventLoop` only; every method is called there.
final class ConnectionPool: @unchecked Sendable {
    let eventLoop: any EventLoop
    private let configuration: HTTPClient.Configuration
    private let connector: Connector
    private var idle: [HTTPTarget: [HTTPConnection]] = [:]
    /// Numbers of open and opening connections.
    private var counts: [HTTPTarget: Int] = [:]
    private var isSweepScheduled = false
    /// The exchanges whose timeouts are checked; one timer for all costs less than one for each.
    private var timedExchanges: [HTTPExchange] = []
    private var isTicking = false
    /// The interval between two checks, which is how late a timeout can be noticed.
    private static let tick = TimeAmount.milliseconds(50)

    init(eventLoop: any EventLoop, configuration: HTTPClient.Configuration, connector: Connector) {
        self.eventLoop = eventLoop
        self.connector = connector
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
        connector.connect(to: target, of: self, within: exchange.request.connectTimeout).whenComplete { result in
            do {
                let channel = try result.get()
                let connection = try channel.pipeline.syncOperations.handler(type: HTTPConnection.self)
                connection.isCounted = true
                exchange.begin(on: connection)
            } catch {
                self.discount(target)
                exchange.fail(Connector.clientError(error, target: target))
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
}
