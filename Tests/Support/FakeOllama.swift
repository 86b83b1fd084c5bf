import NIOCore
import NIOHTTP1
import NIOPosix

/// An Ollama on a real socket that says what a script tells it to, byte for byte, and writes down what it was asked.
///
/// Without a script it offers `llama3.2:latest` with a window of 131072 tokens and answers chats with a greeting.
package struct FakeOllama: Sendable {
    /// Where it is: `http://127.0.0.1:<port>`.
    package let url: String
    private let ledger: FakeLedger

    fileprivate init(port: Int, ledger: FakeLedger) {
        url = "http://127.0.0.1:\(port)"
        self.ledger = ledger
    }

    /// Answers the next requests for a path with these, in order; then as before.
    package func next(_ path: String = "/api/chat", _ answers: FakeAnswer...) {
        ledger.enqueue(answers, path: path)
    }

    /// Answers every further request for a path with this.
    package func always(_ path: String = "/api/chat", _ answer: FakeAnswer) {
        ledger.settle(answer, path: path)
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

/// Runs `body` with a fake Ollama on a port of its own.
package func withFakeOllama<Result>(_ body: (FakeOllama) async throws -> Result) async throws -> Result {
    let ledger = FakeLedger()
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
        .bind(host: "127.0.0.1", port: 0).get()
    defer {
        server.close(promise: nil)
        ledger.closeAll()
    }
    return try await body(FakeOllama(port: server.localAddress?.port ?? 0, ledger: ledger))
}

/// The URL of a port that nobody listens on.
package func unreachableURL() async throws -> String {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .bind(host: "127.0.0.1", port: 0).get()
    let port = server.localAddress?.port ?? 1
    try await server.close()
    return "http://127.0.0.1:\(port)"
}
