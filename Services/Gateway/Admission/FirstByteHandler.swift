import NIOCore

/// Sees bytes before they are parsed, and tells that some came: a head that drips in is nothing to a parser yet.
final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let arrived: () -> Void
    private let settled: () -> Void

    /// - Parameters:
    ///   - arrived: runs before bytes are parsed.
    ///   - settled: runs when all that came at once has been parsed.
    init(arrived: @escaping () -> Void, settled: @escaping () -> Void) {
        self.arrived = arrived
        self.settled = settled
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived()
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        settled()
    }
}
