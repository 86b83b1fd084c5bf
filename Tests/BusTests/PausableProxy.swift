import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy that can hang like a stopped process: the kernel accepts connections and bytes, and nothing responds.
final class PausableProxy: Sendable {
    private struct State {
        var server: (any Channel)?
        var channels: [any Channel] = []
        var isPaused = false
    }

    private let shared = Mutex(State())

    /// Runs `body` with a proxy in front of a port of this machine.
    static func with<Value>(
        port upstream: Int,
        _ body: (PausableProxy, Int) async throws -> Value
    ) async throws -> Value {
        let proxy = PausableProxy()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { proxy.connect($0, to: upstream) }
            .bind(host: "127.0.0.1", port: 0).get()
        proxy.shared.withLock { $0.server = server }
        defer { for channel in proxy.channels { channel.close(promise: nil) } }
        return try await body(proxy, server.localAddress?.port ?? 0)
    }

    func pause() async throws {
        try await setPaused(true)
    }

    func resume() async throws {
        try await setPaused(false)
    }

    private var channels: [any Channel] {
        shared.withLock { $0.channels + [$0.server].compactMap(\.self) }
    }

    private func setPaused(_ isPaused: Bool) async throws {
        shared.withLock { $0.isPaused = isPaused }
        for channel in channels where channel.isActive {
            // A connection that has ended meanwhile needs no option.
            do {
                try await channel.setOption(.autoRead, value: !isPaused).get()
            } catch ChannelError.ioOnClosedChannel {}
        }
    }

    private func connect(_ inbound: any Channel, to port: Int) -> EventLoopFuture<Void> {
        ClientBootstrap(group: inbound.eventLoop)
            .channelInitializer { $0.pipeline.addHandler(Forwarder(other: inbound)) }
            .connect(host: "127.0.0.1", port: port)
            .flatMap { outbound in
                let isPaused = self.shared.withLock { state in
                    state.channels += [inbound, outbound]
                    return state.isPaused
                }
                return inbound.pipeline.addHandler(Forwarder(other: outbound)).flatMap {
                    outbound.setOption(.autoRead, value: !isPaused)
                }.flatMap { inbound.setOption(.autoRead, value: !isPaused) }
            }
    }

    private final class Forwarder: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let other: any Channel

        init(other: any Channel) {
            self.other = other
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            other.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            other.close(promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
