import NIOCore
import NIOHTTP1

/// Looks at each request's head and pace before anything else does; what breaks the rules is answered and cut off.
///
/// A refusal waits for the answers to the requests before it, so that answers keep the order of their requests.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The longest body that is taken at any path, in bytes.
    static let largestBody = Surface.bodyLimit(path: "/v1/chat/completions")
    /// How long a client that was refused may go on sending, so that it gets to read why.
    private static let lingering = TimeAmount.seconds(1)

    private var pace = RequestTimeouts()
    private var tick: Scheduled<Void>?
    /// Requests that were passed on and are not answered to their end.
    private var unanswered = 0
    /// Whether the answer to the oldest of them has begun.
    private var isAnswering = false
    /// Whether the newest of them has not come to its end.
    private var isReceiving = false
    /// Whether the newest request asks for a head only.
    private var isHeadOnly = false
    /// The longest body that the newest request may have, in bytes.
    private var bodyLimit = 0
    /// Whether the connection has switched to another protocol.
    private var isUpgraded = false
    private var refusal: RejectedRequest?
    private var isRefused = false

    /// How many answers are due before the newest request's; below 0 when that one is answered before its end.
    private var pendingResponses: Int { unanswered - (isReceiving ? 1 : 0) }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((guardian: self, context: context), eventLoop: context.eventLoop)
        let arrival = FirstByteHandler(
            arrived: { bound.value.guardian.pace.bytesArrived(at: .now()) },
            settled: { bound.value.guardian.watch(bound.value.context) }
        )
        do {
            try context.pipeline.syncOperations.addHandler(arrival, position: .first)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard refusal == nil else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            isHeadOnly = head.method == .HEAD
            bodyLimit = Surface.bodyLimit(path: head.uri)
            if let refusal = HeadRules.check(head, bodyLimit: bodyLimit) { return refuse(refusal, context) }
            pace.headEnded(at: .now())
            unanswered += 1
            isReceiving = true
        case .body(let bytes):
            guard pace.bodyArrived(bytes.readableBytes) <= bodyLimit else {
                return refuse(.tooLarge(limit: bodyLimit), context)
            }
        case .end:
            pace.requestEnded()
            isReceiving = false
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        refuse(RejectedRequest(error), context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isRefused else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(data, promise: promise)
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isAnswering = head.status != .continue
            isUpgraded = head.status == .switchingProtocols
        case .body: break
        case .end:
            isAnswering = false
            unanswered = max(0, unanswered - 1)
            if refusal != nil { sendRefusal(context) }
        }
    }

    /// Looks at the pace each second while a request is under way; one that came at once never gets here.
    private func watch(_ context: ChannelHandlerContext) {
        guard tick == nil, !pace.isIdle, !isUpgraded, refusal == nil else { return }
        tick = schedule(after: .seconds(1), context) { guardian, context in
            guardian.tick = nil
            // While responses are pending, this server may be the one that does not read.
            if guardian.pendingResponses <= 0, let refusal = guardian.pace.refusal(at: .now()) {
                return guardian.refuse(refusal, context)
            }
            guardian.watch(context)
        }
    }

    private func refuse(_ refusal: RejectedRequest, _ context: ChannelHandlerContext) {
        guard self.refusal == nil else { return }
        self.refusal = refusal
        sendRefusal(context)
    }

    /// Sends the refusal once it is its turn, and ends the connection.
    private func sendRefusal(_ context: ChannelHandlerContext) {
        guard let refusal, !isRefused, pendingResponses <= 0 else { return }
        isRefused = true
        end()
        // An answer that has begun, or been given, cannot be taken back; the connection just ends.
        guard !isAnswering, pendingResponses == 0 else { return context.close(promise: nil) }
        for part in refusal.parts(isHeadOnly: isHeadOnly) { context.write(wrapOutboundOut(part), promise: nil) }
        context.flush()
        context.close(mode: .output, promise: nil)
        tick = schedule(after: Self.lingering, context) { _, context in context.close(promise: nil) }
    }

    private func schedule(
        after delay: TimeAmount,
        _ context: ChannelHandlerContext,
        _ act: @escaping (RequestGuard, ChannelHandlerContext) -> Void
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound((guardian: self, context: context, act: act), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: delay) { bound.value.act(bound.value.guardian, bound.value.context) }
    }

    private func end() {
        tick?.cancel()
        tick = nil
    }
}
