import NIOCore
import NIOPosix
import Synchronization

/// An HTTP proxy: connects every tunnel to one fixed port, and answers forwarded requests itself.
package final class FakeProxy: Sendable {
    /// `127.0.0.1:<port>`.
    package let authority: String
    private let heads: Heads

    private init(authority: String, heads: Heads) {
        self.authority = authority
        self.heads = heads
    }

    /// The request line and headers of each connection so far.
    package var requests: [String] { heads.texts.withLock { $0 } }

    /// Runs `body` with such a proxy on a free port.
    ///
    /// With `status`, it refuses every tunnel.
    package static func with<Result>(
        to port: Int,
        status: Int = 200,
        _ body: (FakeProxy) async throws -> Result
    ) async throws -> Result {
        let heads = Heads()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = FakeProxyHandler(port: port, status: status, heads: heads)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer { server.close(promise: nil) }
        return try await body(FakeProxy(authority: "127.0.0.1:\(server.localAddress?.port ?? 0)", heads: heads))
    }

    final class Heads: Sendable {
        let texts = Mutex<[String]>([])
    }
}

/// One connection of a client to the proxy.
private final class FakeProxyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let port: Int
    private let status: Int
    private let heads: FakeProxy.Heads
    private var head = ""
    private var upstream: (any Channel)?

    init(port: Int, status: Int, heads: FakeProxy.Heads) {
        self.port = port
        self.status = status
        self.heads = heads
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let upstream { return upstream.writeAndFlush(unwrapInboundIn(data), promise: nil) }
        head += String(buffer: unwrapInboundIn(data))
        guard head.hasSuffix("\r\n\r\n") else { return }
        heads.texts.withLock { $0.append(head) }
        guard status == 200 else { return answer("HTTP/1.1 \(status) No\r\ncontent-length: 0\r\n\r\n", context) }
        guard head.hasPrefix("CONNECT ") else {
            return answer("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nforwarded", context)
        }
        let client = context.channel
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FakeProxyRelay(client))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    self.upstream = channel
                    client.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connected\r\n\r\n"), promise: nil)
                case .failure: client.close(promise: nil)
                }
            }
    }

    func channelInactive(context: ChannelHandlerContext) {
        upstream?.close(promise: nil)
    }

    private func answer(_ text: String, _ context: ChannelHandlerContext) {
        head = ""
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}

/// Passes what arrives to another channel.
private final class FakeProxyRelay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(_ other: any Channel) {
        self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
    }
}
