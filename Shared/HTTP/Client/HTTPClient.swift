import NIOCore
package import NIOHTTP1
import NIOPosix
package import NIOSSL

/// An HTTP/1.1 client with one pool of keep-alive connections per event loop: a task on an event loop uses that loop's
/// connections, so that nothing crosses threads.
///
/// It follows no redirects, decompresses a body only on request (``Response/decodingContent(upTo:)``), and sends each
/// request once.
package final class HTTPClient: Sendable {
    package struct Configuration: Sendable {
        package var connectTimeout: Duration
        /// Maximum number of connections from one event loop to one host and port.
        package var maxConnectionsPerHost: Int
        /// How long an unused connection is kept open; shorter than our servers keep theirs.
        package var idleTimeout: Duration
        /// The trusted certificates, and what is verified.
        package var tls: TLSConfiguration
        /// The proxy for a target; `nil` for a direct connection.
        package var proxy: @Sendable (HTTPTarget) -> HTTPProxy? = { _ in nil }
        /// Returns the addresses of a host; may block.
        package var lookup: HostLookups.Lookup = { try AddressLookup.addresses(of: $0, port: $1) }

        package init(
            connectTimeout: Duration = .seconds(5),
            maxConnectionsPerHost: Int = 4096,
            idleTimeout: Duration = .seconds(30),
            tls: TLSConfiguration = .modernClient
        ) {
            self.connectTimeout = connectTimeout
            self.maxConnectionsPerHost = maxConnectionsPerHost
            self.idleTimeout = idleTimeout
            self.tls = tls
        }
    }

    /// A response whose body is still to be read.
    package struct Response: Sendable {
        package var status: Int
        package var headers: HTTPHeaders
        package var body: Body
    }

    private let group: MultiThreadedEventLoopGroup
    private let pools: [ObjectIdentifier: ConnectionPool]

    package init(configuration: Configuration = Configuration()) {
        group = .singleton
        let tls = TLSContext(configuration: configuration.tls)
        let lookups = HostLookups(lookup: configuration.lookup)
        var pools: [ObjectIdentifier: ConnectionPool] = [:]
        for loop in group.makeIterator() {
            pools[ObjectIdentifier(loop)] = ConnectionPool(
                eventLoop: loop,
                configuration: configuration,
                connector: Connector(
                    eventLoop: loop,
                    configuration: configuration,
                    tls: tls,
                    lookups: lookups
                )
            )
        }
        self.pools = pools
    }

    /// Closes the idle connections to a target; with an error, also fails the requests to it that are in progress.
    package func closeConnections(to target: HTTPTarget, failing error: HTTPClientError? = nil) {
        for pool in pools.values {
            pool.eventLoop.execute { pool.closeConnections(to: target, failing: error) }
        }
    }

    /// Sends a request and returns when the head of its response has arrived.
    ///
    /// A response that arrives before a streamed body is sent stops the sending. Cancelling the task closes the
    /// connection at once; so does ``Body/close()`` later. Throws ``HTTPClientError``, the error of a streamed body, or
    /// `CancellationError`.
    package func send(_ request: Request) async throws -> Response {
        let exchange = try exchange(for: request)
        let head = try await head(of: exchange)
        return Response(status: Int(head.status.code), headers: head.headers, body: Body(exchange: exchange))
    }

    func exchange(for request: Request) throws -> HTTPExchange {
        try Task.checkCancellation()
        let loop = group.any()
        guard let pool = pools[ObjectIdentifier(loop)] else {
            throw HTTPClientError(.connect, "There is no connection pool for this event loop.")
        }
        return HTTPExchange(request: request, pool: pool)
    }

    func head(of exchange: HTTPExchange) async throws -> HTTPResponseHead {
        guard let upload = exchange.upload else { return try await exchange.head() }
        // Cancelled when the head has arrived.
        async let _: Void = upload.run(for: exchange)
        return try await exchange.head()
    }
}
