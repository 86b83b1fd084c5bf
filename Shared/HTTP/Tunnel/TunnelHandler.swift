import NIOCore

/// The raw bytes of an upgraded connection.
///
/// Stands between the socket and the HTTP decoder. Until the upgrade is complete it holds the input that follows the
/// request (server) or the `101` (client), its end included; afterwards no input reaches the HTTP handlers behind it.
final class TunnelHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Number of unread bytes from which on the socket is no longer read.
    private static let bufferLimit = 65_536

    private enum Mode {
        /// The upgrade is not decided: input is held.
        case holding
        /// The upgrade was refused: input goes on to the HTTP handlers.
        case passing
        case open
        /// The handler has returned: input is discarded.
        case discarding
    }

    var context: ChannelHandlerContext?
    private var mode = Mode.holding
    private var chunks = CircularBuffer<ByteBuffer>()
    private var bufferedBytes = 0
    /// The end of the input; `nil` while more may arrive.
    private var inputEnd: Result<Void, any Error>?
    /// Whether nothing more is accepted for writing.
    private var isOutputClosed = false
    /// Whether everything is sent, and its end.
    private var isOutputEnded = false
    private var isReadRequested = false
    private var reader = SingleWaiter<ByteBuffer?>()
    private var writer = SingleWaiter<Void>()
    private var shutdownWaiter = SingleWaiter<Void>()
    private var isShutdownRequested = false
    private var shutdownTimer: Scheduled<Void>?

    /// Whether both directions have ended without an error.
    var isFinished: Bool {
        if isOutputEnded, case .success? = inputEnd { true } else { false }
    }

    // MARK: The upgrade

    /// Adds input that arrived in one read with the HTTP head, before the input that was held since.
    func prepend(_ bytes: ByteBuffer) {
        chunks.prepend(bytes)
        bufferedBytes += bytes.readableBytes
    }

    /// Starts the tunnel.
    func open() {
        mode = .open
        requestRead()
    }

    /// Passes the held input on to the HTTP handlers, since the connection stays HTTP.
    func pass() {
        guard mode == .holding, let context else { return }
        mode = .passing
        while let bytes = chunks.popFirst() { context.fireChannelRead(wrapInboundOut(bytes)) }
        if case .success? = inputEnd { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    }

    // MARK: Reading

    func read(_ continuation: CheckedContinuation<ByteBuffer?, any Error>) {
        reader.wait(continuation)
        deliver()
    }

    private func deliver() {
        guard reader.isWaiting else { return }
        if let bytes = chunks.popFirst() {
            bufferedBytes -= bytes.readableBytes
            reader.resume(returning: bytes)
            return requestRead()
        }
        switch inputEnd {
        case .success: reader.resume(returning: nil)
        case .failure(let error): reader.resume(throwing: error)
        case nil: requestRead()
        }
    }

    private func requestRead() {
        guard mode == .open || mode == .discarding, inputEnd == nil, !isReadRequested, bufferedBytes < Self.bufferLimit
        else { return }
        isReadRequested = true
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch mode {
        case .passing: context.fireChannelRead(data)
        case .discarding: break
        case .holding, .open:
            let bytes = unwrapInboundIn(data)
            chunks.append(bytes)
            bufferedBytes += bytes.readableBytes
            deliver()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReadRequested = false
        requestRead()
        if mode == .holding || mode == .passing { context.fireChannelReadComplete() }
    }

    private func endInput(_ end: Result<Void, any Error>) {
        guard inputEnd == nil else { return }
        inputEnd = end
        deliver()
    }

    // MARK: Writing

    func write(_ bytes: ByteBuffer, _ continuation: CheckedContinuation<Void, any Error>) {
        guard let context, context.channel.isActive, !isOutputClosed else {
            return continuation.resume(throwing: writeError)
        }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
        if context.channel.isWritable { continuation.resume() } else { writer.wait(continuation) }
    }

    /// The reason why nothing can be written: the connection's error, if any.
    private var writeError: any Error {
        if case .failure(let error)? = inputEnd { error } else { ChannelError.ioOnClosedChannel }
    }

    func finish(_ continuation: CheckedContinuation<Void, any Error>) {
        guard !isOutputEnded else { return continuation.resume() }
        guard let context, context.channel.isActive, !isOutputClosed else {
            return continuation.resume(throwing: writeError)
        }
        isOutputClosed = true
        // After the peer has finished, closing the output closes all and drops what is not written: it is written first.
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let closed = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer()))).whenComplete { result in
            switch result {
            case .success:
                // In a turn of its own: TLS writes its end, which a flush in progress would not send before the close.
                closed.futureResult.eventLoop.execute { bound.value.context.close(mode: .output, promise: closed) }
            case .failure(let error): closed.fail(error)
            }
        }
        closed.futureResult.whenComplete { result in
            if case .success = result { bound.value.handler.isOutputEnded = true }
            continuation.resume(with: result)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { writer.resume() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: The end

    /// Discards further input, since nobody reads it.
    func discardInput() {
        mode = .discarding
        chunks.removeAll()
        bufferedBytes = 0
        requestRead()
    }

    /// Resets the connection unless both directions have ended.
    func abort(_ error: any Error) {
        guard !isFinished, mode == .open || mode == .discarding else { return }
        fail(error)
        context?.resetConnection()
    }

    /// Called when the tunnel has no owner any more.
    func release() {
        guard mode == .open else { return }
        abort(CancellationError())
    }

    private func fail(_ error: any Error) {
        if inputEnd == nil { chunks.removeAll() }
        endInput(.failure(error))
        isOutputClosed = true
        writer.resume(throwing: error)
        shutdownWaiter.resume()
    }

    func channelInactive(context: ChannelHandlerContext) {
        shutdownTimer?.cancel()
        if mode != .passing {
            // After this side's end, the peer's end closes the connection at once.
            if isOutputEnded { endInput(.success(())) }
            fail(ChannelError.ioOnClosedChannel)
        }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if mode != .passing { fail(ChannelError.ioOnClosedChannel) }
        self.context = nil
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard mode == .open || mode == .discarding else { return context.fireErrorCaught(error) }
        fail(error)
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where mode != .passing:
            endInput(.success(()))
        case is ChannelShouldQuiesceEvent where mode == .open || mode == .discarding:
            requestShutdown()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Graceful shutdown

    /// How long the tunnel may stay open after a graceful shutdown has begun.
    var shutdownTimeout = TimeAmount.seconds(3)

    /// Tells the handler of the tunnel to end, and resets the connection if it does not.
    func requestShutdown() {
        guard !isShutdownRequested, let context else { return }
        isShutdownRequested = true
        shutdownWaiter.resume()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        shutdownTimer = context.eventLoop.scheduleTask(in: shutdownTimeout) {
            bound.value.abort(CancellationError())
        }
    }

    func waitForShutdown(_ continuation: CheckedContinuation<Void, any Error>) {
        let isOver = if case .failure? = inputEnd { true } else { context?.channel.isActive != true }
        if isShutdownRequested || isOver { continuation.resume() } else { shutdownWaiter.wait(continuation) }
    }

    func stopWaitingForShutdown() {
        shutdownWaiter.resume(throwing: CancellationError())
    }
}
