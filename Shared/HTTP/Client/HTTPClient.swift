package import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL

/// The house's HTTP/1.1 client: one pool of keep-alive connections per event loop, so that a task that runs on an event
/// loop uses connections of that loop and nothing crosses threads.
///
/// It follows no redirects, decompresses nothing and sends each request once.
package final class HTTPClient: Sendable {
    package struct Configuration: Sendable {
        package var connectTimeout: Duration
        /// The most connections to one host and port from one event loop.
        package var maxConnectionsPerHost: Int
        /// How long an unused connection is kept; shorter than any server of ours keeps one.
        package var idleTimeout: Duration

        package init(
            connectTimeout: Duration = .seconds(5),
            maxConnectionsPerHost: Int = 4096,
            idleTimeout: Duration = .seconds(30)
        ) {
            self.connectTimeout = connectTimeout
            self.maxConnectionsPerHost = maxConnectionsPerHost
            self.idleTimeout = idleTimeout
        }
    }

    /// One request.
    package struct Request: Sendable {
        package var method: HTTPMethod
        package var target: HTTPTarget
        /// Path and query.
        package var path: String
        /// Without `host`, `content-length` and `transfer-encoding`, which the client writes.
        package var headers: HTTPHeaders
        package var body: ByteBuffer?
        /// Time limit for opening a connection (default: that of the client).
        package var connectTimeout: Duration?
        /// How long the response head may take, once the connection stands.
        package var headTimeout: Duration
        /// The longest silence between two reads of the body.
        package var readTimeout: Duration
        /// For how long bytes of the body may gather before they are handed out, after the first.
        package var gather: Duration?
        /// By which somebody else may end the exchange.
        package var canceller: CallCanceller?

        package init(
            method: HTTPMethod = .GET,
            target: HTTPTarget,
            path: String,
            headers: HTTPHeaders = [:],
            body: ByteBuffer? = nil,
            headTimeout: Duration = .seconds(30),
            readTimeout: Duration = .seconds(60),
            gather: Duration? = nil
        ) {
            self.method = method
            self.target = target
            self.path = path
            self.headers = headers
            self.body = body
            self.headTimeout = headTimeout
            self.readTimeout = readTimeout
            self.gather = gather
        }

        package init(
            method: HTTPMethod = .GET,
            url: String,
            headers: HTTPHeaders = [:],
            body: ByteBuffer? = nil,
            headTimeout: Duration = .seconds(30),
            readTimeout: Duration = .seconds(60)
        ) throws(HTTPClientError) {
            let (target, path) = try HTTPTarget.parse(url)
            self.init(
                method: method,
                target: target,
                path: path,
                headers: headers,
                body: body,
                headTimeout: headTimeout,
                readTimeout: readTimeout
            )
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
        let tls = TLSContext()
        var pools: [ObjectIdentifier: ConnectionPool] = [:]
        for loop in group.makeIterator() {
            pools[ObjectIdentifier(loop)] = ConnectionPool(eventLoop: loop, configuration: configuration, tls: tls)
        }
        self.pools = pools
    }

    /// Closes the idle connections to a target; with an error, also fails the requests to it that are in progress.
    package func closeConnections(to target: HTTPTarget, failing error: HTTPClientError? = nil) {
        for pool in pools.values {
            pool.eventLoop.execute { pool.closeConnections(to: target, failing: error) }
        }
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// Cancelling the task closes the connection at once; so does ``Body/close()`` later.
    /// Throws ``HTTPClientError`` or `CancellationError`.
    package func send(_ request: Request) async throws -> Response {
        try Task.checkCancellation()
        let loop = group.any()
        guard let pool = pools[ObjectIdentifier(loop)] else {
            throw HTTPClientError(.connect, "There is no connection pool for this event loop.")
        }
        let exchange = HTTPExchange(request: request, pool: pool)
        // Weakly: whoever could end the exchange does not keep it.
        request.canceller?.onCancel { [weak exchange] in
            guard let exchange else { return }
            loop.execute { exchange.fail(CancellationError()) }
        }
        let head = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.inEventLoop
                    ? exchange.start(continuation) : loop.execute { exchange.start(continuation) }
            }
        } onCancel: {
            loop.execute { exchange.fail(CancellationError()) }
        }
        return Response(status: Int(head.status.code), headers: head.headers, body: Body(exchange: exchange))
    }
}
