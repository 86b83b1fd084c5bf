import NIOCore
import NIOHTTP1
import NIOPosix

/// A model server on a real socket that says what a script tells it to, byte for byte, and writes down what it was asked.
package struct FakeServer: Sendable {
    /// Where it is: `http://127.0.0.1:<port>`.
    package let url: String
    private let ledger: FakeServerState
    /// Where it is asked to generate.
    private let mainPath: String

    fileprivate init(port: Int, mainPath: String, ledger: FakeServerState) {
        url = "http://127.0.0.1:\(port)"
        self.mainPath = mainPath
        self.ledger = ledger
    }

    /// Answers the next requests for a path with these, in order; then as before.
    package func next(_ path: String? = nil, _ answers: FakeResponse...) {
        ledger.enqueue(answers, path: path ?? mainPath)
    }

    /// Answers every further request for a path with this.
    package func always(_ path: String? = nil, _ answer: FakeResponse) {
        ledger.settle(path: path ?? mainPath) { _ in answer }
    }

    /// Answers every further request for a path with what is made of the request.
    package func always(_ path: String? = nil, _ script: @escaping @Sendable (FakeRequest) -> FakeResponse) {
        ledger.settle(path: path ?? mainPath, script)
    }

    /// Says what is made of each request and of what would be said to it otherwise, whatever its path.
    package func amend(_ amendment: @escaping @Sendable (FakeRequest, FakeResponse) -> FakeResponse) {
        ledger.amend(amendment)
    }

    /// What was asked so far, in order; of one path if one is named.
    package func requests(_ path: String? = nil) -> [FakeRequest] {
        ledger.requests.filter { path == nil || $0.path == path }
    }

    /// How many connections are open.
    package var openConnections: Int { ledger.openConnections }

    /// How many connections there ever were.
    package var connections: Int { ledger.connections }
}

/// Runs `body` with a fake server on a port of its own, which answers by `scripts` until it is told otherwise.
///
/// The script of the path `*` answers for all paths that have none of their own.
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

/// The URL of a port that nobody listens on.
package func unreachableURL() async throws -> String {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .bind(host: "127.0.0.1", port: 0).get()
    let port = server.localAddress?.port ?? 1
    try await server.close()
    return "http://127.0.0.1:\(port)"
}
