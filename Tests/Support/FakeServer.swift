import NIOCore
import NIOHTTP1
import NIOPosix

/// A model server on a real socket with scripted responses, byte for byte; it records its requests.
package struct FakeServer: Sendable {
    /// `http://127.0.0.1:<port>`.
    package let url: String
    private let ledger: FakeServerState
    /// The path of generations.
    private let mainPath: String

    fileprivate init(port: Int, mainPath: String, ledger: FakeServerState) {
        url = "http://127.0.0.1:\(port)"
        self.mainPath = mainPath
        self.ledger = ledger
    }

    /// Sets the responses to the next requests for a path, in order.
    package func next(_ path: String? = nil, _ answers: FakeResponse...) {
        ledger.enqueue(answers, path: path ?? mainPath)
    }

    /// Sets the response to all further requests for a path.
    package func always(_ path: String? = nil, _ answer: FakeResponse) {
        ledger.settle(path: path ?? mainPath) { _ in answer }
    }

    /// Sets the function that responds to all further requests for a path.
    package func always(_ path: String? = nil, _ script: @escaping @Sendable (FakeRequest) -> FakeResponse) {
        ledger.settle(path: path ?? mainPath, script)
    }

    /// Sets a function that changes the response to each request, whatever its path.
    package func amend(_ amendment: @escaping @Sendable (FakeRequest, FakeResponse) -> FakeResponse) {
        ledger.amend(amendment)
    }

    /// The requests so far, in order (default: of all paths).
    package func requests(_ path: String? = nil) -> [FakeRequest] {
        ledger.requests.filter { path == nil || $0.path == path }
    }

    /// Number of open connections.
    package var openConnections: Int { ledger.openConnections }

    /// Number of all connections so far.
    package var connections: Int { ledger.connections }
}

/// Runs `body` with a fake server on a free port that responds by `scripts`.
///
/// The script of the path `*` applies to all paths without one.
package func withFakeServer<Result>(
    mainPath: String,
    port: Int = 0,
    scripts: [String: @Sendable (FakeRequest) -> FakeResponse],
    _ body: (FakeServer) async throws -> Result
) async throws -> Result {
    let ledger = FakeServerState(scripts)
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .serverChannelOption(.backlog, value: 1024)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                try pipeline.addHandler(FakeConnection(ledger: ledger))
            }
        }
        .bind(host: "127.0.0.1", port: port).get()
    defer {
        server.close(promise: nil)
        ledger.closeAll()
    }
    let port = server.localAddress?.port ?? 0
    return try await body(FakeServer(port: port, mainPath: mainPath, ledger: ledger))
}

/// Returns the URL of a port on which no process listens.
package func unreachableURL() async throws -> String {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .bind(host: "127.0.0.1", port: 0).get()
    let port = server.localAddress?.port ?? 1
    try await server.close()
    return "http://127.0.0.1:\(port)"
}
