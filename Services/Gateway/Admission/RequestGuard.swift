import Contracts
import HTTP
import NIOCore
import NIOHTTP1

/// Validates each request of a connection before anything else sees it, and enforces its limits of size and time.
///
/// Resolves the request's route. A refusal is answered in the format of the route's surface and ends the connection; it
/// waits for the responses to earlier requests, so that responses keep the order of their requests.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    struct Limits: Sendable {
        /// How long a head may take, from its first byte.
        var head = TimeAmount.seconds(10)
        /// How long a refused client may go on sending, so that it can read the refusal.
        var linger = TimeAmount.seconds(1)
        /// Shortest time between two checks.
        static let interval = TimeAmount.milliseconds(50)
    }

    private let table: SurfaceTable
    private let finisher: ResponseFinisher
    private let limits: Limits
    private let attachments: RequestAttachments

    private var timeouts: RequestTimeouts
    private var timer: Scheduled<Void>?
    /// The request that has no head yet.
    private var requestLine = RequestLine()
    /// The request that is arriving, once it has a head.
    private var head: HTTPRequestHead?
    private var resolution: Resolution
    private var start = ContinuousClock.now
    /// Requests that were passed on and whose responses are incomplete.
    private var unanswered = 0
    /// Whether the response to the oldest of them has begun.
    private var isResponding = false
    /// Whether the newest of them is incomplete.
    private var isReceiving = false
    /// Whether the connection has switched to another protocol.
    private var isUpgraded = false
    private var refusal: Fault?
    private var isRefused = false

    /// Responses due before the newest request's; below 0 where that one was answered before it was complete.
    private var pendingResponses: Int { unanswered - (isReceiving ? 1 : 0) }

    /// Appends the resolution of each request that is passed on to `attachments`.
    init(
        _ table: SurfaceTable,
        _ finisher: ResponseFinisher,
        limits: Limits = Limits(),
        attachments: RequestAttachments
    ) {
        self.table = table
        self.finisher = finisher
        self.limits = limits
        self.attachments = attachments
        timeouts = RequestTimeouts(headLimit: limits.head)
        resolution = table.fallback
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        do {
            let handler = FirstByteHandler { bound.value.received($0) }
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        cancelTimers()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        context.fireChannelInactive()
    }

    // MARK: Requests

    private func received(_ bytes: ByteBuffer) {
        guard !isUpgraded, refusal == nil else { return }
        if timeouts.isIdle {
            requestLine.begin(bytes)
            timeouts.requestStarted(at: .now())
        } else if !isReceiving {
            requestLine.append(bytes)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard refusal == nil else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            head.normalizeTarget()
            requestLine.clear()
            self.head = head
            start = .now
            resolution = table.resolve(head)
            if let fault = HeadRules.check(head, bodyLimit: resolution.bodyLimit) { return refuse(fault, context) }
            unanswered += 1
            isReceiving = true
            timeouts.headEnded(resolution.bodyTimeout, waitsForContinue: waitsForContinue(head), at: .now())
            attachments.append(resolution)
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body(let bytes):
            guard timeouts.bodyReceived(bytes.readableBytes, at: .now()) <= resolution.bodyLimit else {
                return refuse(.bodyTooLarge(limit: resolution.bodyLimit), context)
            }
            context.fireChannelRead(data)
        case .end:
            timeouts.requestEnded()
            isReceiving = false
            head = nil
            context.fireChannelRead(data)
        }
    }

    /// Whether the client sends its body after a `100 Continue` only, which the connection sends when a handler reads it.
    private func waitsForContinue(_ head: HTTPRequestHead) -> Bool {
        head.version != .http1_0 && head.headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        timeouts.readEnded()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        timeouts.readStarted()
        context.read()
        scheduleTimeout(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The parser reports every read after its first error; the refusal waits for its turn.
        if refusal != nil, error is ByteToMessageDecoderError { return }
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        refuse(.unparsable(error, requestLine), context)
    }

    /// Checks the time at which the request becomes too slow; a request that arrives at once has no timer.
    private func scheduleTimeout(_ context: ChannelHandlerContext) {
        guard timer == nil, refusal == nil, !isUpgraded, let remaining = timeouts.remaining(at: .now()) else { return }
        timer = schedule(after: max(remaining, Limits.interval), context) { guardian, context in
            guardian.timer = nil
            // While responses are pending, this server may be the one that does not read.
            if guardian.pendingResponses <= 0, let left = guardian.timeouts.remaining(at: .now()), left <= .zero {
                return guardian.refuse(Fault(.requestTimeout, guardian.timeouts.message), context)
            }
            guardian.scheduleTimeout(context)
        }
    }

    // MARK: Responses

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isRefused else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(data, promise: promise)
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status == .continue:
            timeouts.continueSent(at: .now())
            scheduleTimeout(context)
        case .head(let head):
            isResponding = true
            isUpgraded = head.status == .switchingProtocols
        case .body: break
        case .end:
            isResponding = false
            unanswered = max(0, unanswered - 1)
            if refusal != nil { sendRefusal(context) }
        }
    }

    // MARK: Refusals

    private func refuse(_ fault: Fault, _ context: ChannelHandlerContext) {
        guard refusal == nil else { return }
        refusal = fault
        sendRefusal(context)
    }

    /// Sends the refusal when its turn comes, and ends the connection.
    private func sendRefusal(_ context: ChannelHandlerContext) {
        guard let refusal, !isRefused, pendingResponses <= 0 else { return }
        isRefused = true
        cancelTimers()
        // A response that has begun, or is complete, cannot be changed: only the connection ends.
        guard !isResponding, pendingResponses == 0 else { return context.close(promise: nil) }
        for part in parts(of: response(to: refusal)) { context.write(wrapOutboundOut(part), promise: nil) }
        context.flush()
        context.close(mode: .output, promise: nil)
        timer = schedule(after: limits.linger, context) { _, context in context.close(promise: nil) }
    }

    private func response(to refusal: Fault) -> Response {
        let resolution = head == nil ? requestLine.target.map(table.owner) ?? table.fallback : resolution
        var response = resolution.surface.errors.response(refusal)
        finisher.finish(
            &response,
            RequestIDs(head?.headers ?? [:]),
            origin: head.map { $0.headers.first(name: "origin") } ?? requestLine.origin,
            start: head == nil ? .now : start,
            resolution.metrics
        )
        return response
    }

    private func parts(of response: Response) -> [HTTPServerResponsePart] {
        guard case .whole(let body) = response.body else { return [] }
        var headers = response.headers
        headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
        headers.replaceOrAdd(name: "connection", value: "close")
        let start = HTTPServerResponsePart.head(
            HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        )
        return head?.method == .HEAD ? [start, .end(nil)] : [start, .body(.byteBuffer(body)), .end(nil)]
    }

    private func schedule(
        after delay: TimeAmount,
        _ context: ChannelHandlerContext,
        _ act: @escaping (RequestGuard, ChannelHandlerContext) -> Void
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound((guardian: self, context: context, act: act), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: delay) { bound.value.act(bound.value.guardian, bound.value.context) }
    }

    private func cancelTimers() {
        timer?.cancel()
        timer = nil
    }
}
