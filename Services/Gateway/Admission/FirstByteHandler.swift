import NIOCore

/// Sees bytes before they are parsed: the parser reports a head only when it is complete.
final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let received: (ByteBuffer) -> Void

    /// - Parameter received: runs before the bytes are parsed.
    init(received: @escaping (ByteBuffer) -> Void) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
