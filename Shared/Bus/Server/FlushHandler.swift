import NIOCore

/// Sends what one turn of the event loop wrote in one go: a head, its first bytes and an end that follow each other at
/// once cost one system call, and their reader one wake-up.
///
/// First in the pipeline, so it sees the bytes.
final class FlushHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private var isScheduled = false

    func flush(context: ChannelHandlerContext) {
        guard !isScheduled else { return }
        isScheduled = true
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            bound.value.handler.isScheduled = false
            bound.value.context.flush()
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if isScheduled { context.flush() }
        context.close(mode: mode, promise: promise)
    }
}
