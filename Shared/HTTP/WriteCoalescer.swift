import NIOCore

/// Combines the writes of one event loop turn into one system call, so that a head, a body and an end that follow each
/// other wake the peer once.
///
/// Stands at the head of the pipeline, or directly behind TLS, where it sees bytes.
final class WriteCoalescer: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Maximum size of a buffer that is copied together with others, in bytes; copying longer ones costs more than a
    /// write of their own.
    private static let copyLimit = 8192
    /// Maximum number of copied bytes.
    private static let coalescedLimit = 32_768
    /// Number of unflushed bytes from which on writes are flushed at once.
    ///
    /// Only flushed bytes count for the channel's writability when TLS encrypts them.
    private static let unflushedLimit = 65_536

    private var coalesced = ByteBuffer()
    private var unflushedBytes = 0
    private var context: ChannelHandlerContext?
    private var executor: EventLoopTaskExecutor?
    private var isFlushScheduled = false

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopTaskExecutor.executor(for: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard promise == nil, case .byteBuffer(let bytes) = unwrapOutboundIn(data),
            bytes.readableBytes <= Self.copyLimit
        else {
            writeCoalesced(context)
            unflushedBytes += unwrapOutboundIn(data).readableBytes
            return context.write(data, promise: promise)
        }
        if coalesced.readableBytes == 0 { coalesced = bytes } else { coalesced.writeImmutableBuffer(bytes) }
        if coalesced.readableBytes > Self.coalescedLimit { writeCoalesced(context) }
    }

    func flush(context: ChannelHandlerContext) {
        guard let executor, unflushedBytes < Self.unflushedLimit else { return flushNow() }
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        executor.scheduleFlush(of: self)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        flushNow()
        context.close(mode: mode, promise: promise)
    }

    func flushNow() {
        isFlushScheduled = false
        guard let context else { return }
        writeCoalesced(context)
        unflushedBytes = 0
        context.flush()
    }

    private func writeCoalesced(_ context: ChannelHandlerContext) {
        guard coalesced.readableBytes > 0 else { return }
        let bytes = coalesced
        coalesced = ByteBuffer()
        unflushedBytes += bytes.readableBytes
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
    }
}
