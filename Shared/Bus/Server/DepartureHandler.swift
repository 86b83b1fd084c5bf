import NIOCore

/// Notices that the client has left: its end of the connection is closed, wholly or for writing.
///
/// Hummingbird tells a handler that waits in silence nothing of it; ``EventLoopChannel`` cancels the handler's task.
final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let departed: EventLoopPromise<Void>

    init(departed: EventLoopPromise<Void>) {
        self.departed = departed
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { departed.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        departed.succeed()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        departed.succeed()
    }
}
