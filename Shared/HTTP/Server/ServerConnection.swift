import Logging
import NIOCore
import NIOHTTP1

/// One connection of a server, last in its pipeline: gathers a request, has it answered, and goes on to the next.
final class ServerConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    let respond: ServerChannel.Respond
    let idleTimeout: TimeAmount
    let heartbeatInterval: TimeAmount
    let logger: Logger
    var context: ChannelHandlerContext?
    var executor: EventLoopTaskExecutor?

    /// The request that has begun to come and was given to nobody yet, and so much of its body.
    private var head: HTTPRequestHead?
    private var gathered = ByteBuffer()
    /// The body that somebody reads as it comes.
    var incoming: RequestBodyStream?
    /// Whether a request's end is still to come.
    var isReceiving = false
    /// What has come of later requests while an answer is due.
    var waiting = CircularBuffer<HTTPServerRequestPart>()
    /// How many heads, bodies and ends may wait: one read can bring thousands.
    private static let waitingLimit = 512
    private var isReadHeld = false
    /// Whether no request is taken any more: what still comes is passed over.
    var isOver = false
    /// Whether the decoder takes what follows for another protocol, and would gather it for ever.
    private var isSwitched = false

    /// The task that makes the answer.
    var task: Task<Void, Never>?
    /// Counts answers, so that whoever writes late writes into no other's.
    var number: UInt64 = 0
    var isAnswering = false
    var isEnded = true
    var closesAfterAnswer = false
    /// What the request that is being answered asks of the answer's form.
    var form = ResponseFraming()
    private var room: CheckedContinuation<Void, any Error>?
    var heartbeat: Heartbeat?
    var idleTimer: Scheduled<Void>?
    var lastActive = NIODeadline.now()
    /// How much was not sent yet when the connection was last found idle.
    var lastUnsent = 0

    init(
        respond: @escaping ServerChannel.Respond,
        idleTimeout: TimeAmount,
        heartbeatInterval: TimeAmount,
        logger: Logger
    ) {
        self.respond = respond
        self.idleTimeout = idleTimeout
        self.heartbeatInterval = heartbeatInterval
        self.logger = logger
    }

    /// Whether the next part that comes belongs to a request whose turn it is not yet.
    private var isNextRequestDue: Bool { isAnswering && !isReceiving }

    // MARK: What comes

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopTaskExecutor.executor(for: context.eventLoop)
        scheduleIdleCheck(after: idleTimeout, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave(ChannelError.ioOnClosedChannel)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        lastActive = .now()
        let part = unwrapInboundIn(data)
        if isNextRequestDue || !waiting.isEmpty { keep(part) } else { take(part, context) }
    }

    private func keep(_ part: HTTPServerRequestPart) {
        if case .body(let more) = part, case .body(var bytes)? = waiting.last {
            waiting.removeLast()
            bytes.writeImmutableBuffer(more)
            return waiting.append(.body(bytes))
        }
        guard waiting.count >= Self.waitingLimit else { return waiting.append(part) }
        // The client may ask again for what it gets no answer to; the present answer is the last.
        closesAfterAnswer = true
        isOver = true
        waiting.removeAll()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What did not come at once is read as it comes, so that it may be refused before it is there.
        if head != nil { beginReading(context) }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        guard mayRead else {
            isReadHeld = true
            return
        }
        context.read()
    }

    private var mayRead: Bool {
        if isSwitched, !isReceiving { return false }
        if isOver { return !isAnswering }
        return waiting.isEmpty && incoming?.isFull != true
    }

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            self.head = head
            isReceiving = true
            if head.method == .CONNECT || head.headers.contains(name: "upgrade") {
                isSwitched = true
                closesAfterAnswer = true
            }
        case .body(let bytes):
            if let incoming { return incoming.received(bytes) }
            // The rest of a request that was answered before its end is of no use.
            guard head != nil else { return }
            if gathered.readableBytes == 0 { gathered = bytes } else { gathered.writeImmutableBuffer(bytes) }
        case .end:
            isReceiving = false
            incoming?.end(.success(()))
            incoming = nil
            guard let head else { return }
            self.head = nil
            let body = gathered
            gathered = ByteBuffer()
            answer(ServerRequest(head: head, body: .whole(body), channel: context.channel), context)
        }
    }

    private func beginReading(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let body = RequestBodyStream(eventLoop: context.eventLoop, beginning: gathered) { bound.value.resumeReading() }
        gathered = ByteBuffer()
        incoming = body
        answer(ServerRequest(head: head, body: .stream(body), channel: context.channel), context)
    }

    /// Takes up what came while the answer was due, or reads on.
    func goOn(_ context: ChannelHandlerContext) {
        guard !waiting.isEmpty else { return resumeReading() }
        // In a turn of its own, so that answers that need no wait do not pile up on the stack.
        context.eventLoop.execute { [bound = bound(context)] in bound.value.next() }
    }

    private func next() {
        guard let context else { return }
        while !isNextRequestDue, let part = waiting.popFirst() { take(part, context) }
        guard waiting.isEmpty else { return }
        if head != nil { beginReading(context) }
        resumeReading()
    }

    func resumeReading() {
        guard isReadHeld, mayRead, let context else { return }
        isReadHeld = false
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // Who has closed its end does not wait for the answer.
            closesAfterAnswer = true
            incoming?.end(.failure(ChannelError.inputClosed))
            guard isAnswering else { return context.close(promise: nil) }
            task?.cancel()
        case is ChannelShouldQuiesceEvent:
            closesAfterAnswer = true
            // The rest of a request that was answered before its end keeps nobody.
            if !isAnswering, !isOver { endAfterLastAnswer(context, lingers: isReceiving) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, isNextRequestDue {
            // It is the next request that cannot be read.
            closesAfterAnswer = true
            isOver = true
            return
        }
        incoming?.end(.failure(error))
        if error is HTTPParserError, !isAnswering, !isReceiving || head != nil {
            let headers: HTTPHeaders = ["connection": "close", "content-length": "0"]
            let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }

    private func leave(_ error: any Error) {
        isEnded = true
        incoming?.end(.failure(error))
        incoming = nil
        waiting.removeAll()
        task?.cancel()
        stopWaitingForRoom(error, of: number)
        stopHeartbeat()
        idleTimer?.cancel()
        idleTimer = nil
    }

    // MARK: Room, pace and time

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let room {
            self.room = nil
            room.resume()
        }
        context.fireChannelWritabilityChanged()
    }

    func waitForRoom(_ continuation: CheckedContinuation<Void, any Error>) {
        guard let context, context.channel.isActive else {
            return continuation.resume(throwing: ChannelError.ioOnClosedChannel)
        }
        guard !context.channel.isWritable else { return continuation.resume() }
        guard task?.isCancelled != true else { return continuation.resume(throwing: CancellationError()) }
        room = continuation
        context.flush()
    }

    func stopWaitingForRoom(_ error: any Error, of number: UInt64) {
        guard number == self.number else { return }
        room?.resume(throwing: error)
        room = nil
    }

    func bound(_ context: ChannelHandlerContext) -> NIOLoopBound<ServerConnection> {
        NIOLoopBound(self, eventLoop: context.eventLoop)
    }

    func beat(_ line: ByteBuffer) {
        // What waits unsent says well enough that somebody is there.
        guard let context, context.channel.isWritable else { return }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(line))), promise: nil)
    }

    func stopHeartbeat() {
        heartbeat?.stop()
        heartbeat = nil
    }
}
