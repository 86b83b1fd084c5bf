import Logging
import NIOCore
import NIOHTTP1

/// The last handler of a server connection: receives a request, runs its handler, writes the response, and continues
/// with the next request.
final class ServerConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    let respond: ServerChannel.Respond
    let configuration: ServerChannel.Configuration
    let coalescer: WriteCoalescer
    let logger: Logger
    var context: ChannelHandlerContext?
    var executor: EventLoopTaskExecutor?

    // MARK: The request

    /// The head of the request whose handler has not started, and the part of its body that has arrived.
    var head: HTTPRequestHead?
    var bodyBuffer = ByteBuffer()
    let attachments = RequestAttachments()
    /// The attachment of the newest request.
    var attachment: (any AnyObject & Sendable)?
    /// The body of the current request, if it is streamed to the handler.
    var requestBody: RequestBodyStream?
    /// Whether the end of the newest request has not arrived.
    var isReceiving = false
    /// Whether the client waits for `100 Continue` before it sends the body.
    var awaitsContinue = false
    /// Parts of later requests, received before the current response has ended.
    var pendingParts = CircularBuffer<HTTPServerRequestPart>()
    var isReadHeld = false
    /// Whether further input is discarded, because no more requests are accepted.
    var isDiscardingInput = false
    /// Whether the current request asks for another protocol; the decoder does not parse the input after it.
    var asksForUpgrade = false
    /// Whether the response to the current request may switch protocols.
    var isUpgradable = false
    /// The raw bytes after a request that asks for another protocol.
    var tunnel: TunnelHandler?

    // MARK: The response

    /// The task of the handler, or of the response's body.
    var task: Task<Void, Never>?
    /// The number of the current response; a writer of an earlier one cannot write to it.
    var responseID: UInt64 = 0
    var isResponding = false
    var isResponseEnded = true
    var closesAfterResponse = false
    var framing = ResponseFraming()
    var writableWaiter = SingleWaiter<Void>()
    var heartbeat: Heartbeat?

    // MARK: Timeouts

    var idleTimer: Scheduled<Void>?
    var lastActive = NIODeadline.now()
    var stallTimer: Scheduled<Void>?
    var isShuttingDown = false

    init(
        respond: @escaping ServerChannel.Respond,
        configuration: ServerChannel.Configuration,
        coalescer: WriteCoalescer,
        logger: Logger
    ) {
        self.respond = respond
        self.configuration = configuration
        self.coalescer = coalescer
        self.logger = logger
    }

    func bound(_ context: ChannelHandlerContext) -> NIOLoopBound<ServerConnection> {
        NIOLoopBound(self, eventLoop: context.eventLoop)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopTaskExecutor.executor(for: context.eventLoop)
        scheduleIdleCheck(after: configuration.idleTimeout, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connectionClosed(ChannelError.ioOnClosedChannel)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        connectionClosed(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDiscardingInput else { return }
        lastActive = .now()
        let part = unwrapInboundIn(data)
        if isNextRequestPending || !pendingParts.isEmpty { enqueue(part) } else { process(part, context) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A request that has not arrived as a whole is handled now, so that it can be rejected before its body arrives.
        if head != nil { startStreaming(context) }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        guard mayRead else {
            isReadHeld = true
            return
        }
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { writableWaiter.resume() } else { watchForStall(context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // A client that closes its sending side is treated as disconnected.
            closesAfterResponse = true
            requestBody?.end(.failure(ChannelError.inputClosed))
            guard isResponding else { return context.close(promise: nil) }
            task?.cancel()
        case is ChannelShouldQuiesceEvent:
            closesAfterResponse = true
            isShuttingDown = true
            // The rest of a request that was answered before its end is not waited for.
            if !isResponding, !isDiscardingInput { endAfterLastResponse(context, lingers: isReceiving) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, isNextRequestPending {
            // The next request is malformed: the current response is the last one.
            closesAfterResponse = true
            isDiscardingInput = true
            return
        }
        // The parser reports every read after its first error.
        if error is ByteToMessageDecoderError, isDiscardingInput { return }
        requestBody?.end(.failure(error))
        if error is HTTPParserError, !isResponding, !isReceiving || head != nil {
            let headers: HTTPHeaders = ["connection": "close", "content-length": "0"]
            let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }

    private func connectionClosed(_ error: any Error) {
        isResponseEnded = true
        requestBody?.end(.failure(error))
        requestBody = nil
        pendingParts.removeAll()
        // The handler of a tunnel that has ended in both directions may have work left.
        if tunnel?.isFinished != true { task?.cancel() }
        stopWaitingForWritability(error, of: responseID)
        stopHeartbeat()
        idleTimer?.cancel()
        idleTimer = nil
        stallTimer?.cancel()
        stallTimer = nil
    }
}
