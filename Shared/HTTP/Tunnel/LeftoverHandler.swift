import NIOCore

/// Receives the bytes that the HTTP decoder still holds when it is removed, and gives them to the tunnel.
///
/// Stands directly behind the decoder during an upgrade.
final class LeftoverHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tunnel: TunnelHandler

    init(tunnel: TunnelHandler) {
        self.tunnel = tunnel
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        tunnel.prepend(unwrapInboundIn(data))
    }
}
