import NIOCore

/// Joins what is written to a connection in one turn of its event loop, so that a head, its body and an end that follow
/// each other at once cost one system call, and their reader one wake-up.
///
/// First in the pipeline, or right behind TLS, so it sees the bytes.
final class WriteCoalescer: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Pieces up to so many bytes are copied together; for longer ones that would cost more than it saves.
    private static let pieceLimit = 8192
    /// How many bytes may gather before they count as written, so that a writer who never pauses is slowed.
    private static let joinedLimit = 32_768

    private var joined = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var executor: EventLoopTaskExecutor?
    private var isFlushDue = false

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopTaskExecutor.executor(for: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard promise == nil, case .byteBuffer(let bytes) = unwrapOutboundIn(data),
            bytes.readableBytes <= Self.pieceLimit
        else {
            passOn(context)
            return context.write(data, promise: promise)
        }
        if joined.readableBytes == 0 { joined = bytes } else { joined.writeImmutableBuffer(bytes) }
        if joined.readableBytes > Self.joinedLimit { passOn(context) }
    }

    func flush(context: ChannelHandlerContext) {
        guard let executor else { return flushNow() }
        guard !isFlushDue else { return }
        isFlushDue = true
        executor.scheduleFlush(of: self)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        flushNow()
        context.close(mode: mode, promise: promise)
    }

    func flushNow() {
        isFlushDue = false
        guard let context else { return }
        passOn(context)
        context.flush()
    }

    private func passOn(_ context: ChannelHandlerContext) {
        guard joined.readableBytes > 0 else { return }
        let bytes = joined
        joined = ByteBuffer()
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
    }
}
