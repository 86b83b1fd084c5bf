import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A TCP server that sends fixed bytes after the first bytes of each connection, and ends the connection as specified.
package struct RawServer: Sendable {
    /// `127.0.0.1:<port>`.
    package let authority: String
    private let ledger: Ledger

    /// Number of open connections.
    package var openConnections: Int { ledger.open.withLock(\.count) }

    /// Number of all connections so far.
    package var connections: Int { ledger.total.withLock(\.self) }

    /// Runs `body` with such a server on a free port.
    ///
    /// With `tls` it presents a self-signed certificate for another host name.
    package static func with<Result>(
        saying answer: FakeResponse,
        tls: Bool = false,
        _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let ledger = Ledger()
        let context = tls ? try NIOSSLContext(configuration: SelfSignedCertificate.configuration()) : nil
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.addHandler(RawServerHandler(answer: answer, ledger: ledger))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer {
            server.close(promise: nil)
            for channel in ledger.open.withLock({ Array($0.values) }) { channel.close(promise: nil) }
        }
        return try await body(RawServer(authority: "127.0.0.1:\(server.localAddress?.port ?? 0)", ledger: ledger))
    }

    /// Runs `body` with the authority of a server that accepts no connection and whose backlog is full: attempts to connect
    /// get no reply.
    package static func withFullBacklog<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        var fillers: [any Channel] = []
        defer { for channel in fillers + [server] { channel.close(promise: nil) } }
        // The backlog is full when a connection times out.
        let client = ClientBootstrap(group: group).connectTimeout(.milliseconds(100))
        // One timeout alone may be due to a busy machine.
        var timeouts = 0
        while timeouts < 3, fillers.count < 64 {
            do {
                fillers.append(try await client.connect(to: address).get())
            } catch ChannelError.connectTimeout {
                timeouts += 1
            }
        }
        return try await body("127.0.0.1:\(port)")
    }

    fileprivate final class Ledger: Sendable {
        let open = Mutex<[ObjectIdentifier: any Channel]>([:])
        let total = Mutex(0)
    }
}

/// One connection of a ``RawServer``.
private final class RawServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: FakeResponse
    private let ledger: RawServer.Ledger
    private var hasSpoken = false

    init(answer: FakeResponse, ledger: RawServer.Ledger) {
        self.answer = answer
        self.ledger = ledger
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        ledger.open.withLock { $0[ObjectIdentifier(channel)] = channel }
        ledger.total.withLock { $0 += 1 }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let channel = context.channel
        ledger.open.withLock { $0[ObjectIdentifier(channel)] = nil }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasSpoken else { return }
        hasSpoken = true
        let channel = context.channel
        let ending = answer.ending
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer.bytes))).whenComplete { _ in channel.end(ending)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
