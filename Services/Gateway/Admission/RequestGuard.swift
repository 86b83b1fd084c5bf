import NIOCore
import NIOHTTP1

/// Looks at each request's head and pace before anything else does; what breaks the rules is answered and cut off.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The longest body, in bytes.
    static let bodyLimit = 1_048_576
    /// How long the head of the first request may take.
    private static let headLimit = TimeAmount.seconds(10)

    private var pace = BodyPace()
    private var timer: Scheduled<Void>?
    private var isRefused = false
    private var isAnswering = false

    func handlerAdded(context: ChannelHandlerContext) {
        schedule(after: Self.headLimit, context: context) { guardian, context in
            guardian.refuse(HeadRules.Refusal(status: .requestTimeout, message: "The request did not come in time."), context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            timer?.cancel()
            if let refusal = HeadRules.check(head, bodyLimit: Self.bodyLimit) { return refuse(refusal, context) }
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
            pace = BodyPace()
            watch(context)
        case .body(let bytes):
            pace.add(bytes.readableBytes)
            guard pace.bytes <= Self.bodyLimit else {
                return refuse(HeadRules.tooLarge(limit: Self.bodyLimit), context)
            }
        case .end:
            timer?.cancel()
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        refuse(HeadRules.refusal(for: error), context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isRefused else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head: isAnswering = true
        case .body: break
        case .end: isAnswering = false
        }
        context.write(data, promise: promise)
    }

    /// Asks each second whether the body comes fast enough.
    private func watch(_ context: ChannelHandlerContext) {
        schedule(after: .seconds(1), context: context) { guardian, context in
            guard !guardian.pace.isTooSlow(now: .now()) else {
                return guardian.refuse(
                    HeadRules.Refusal(status: .requestTimeout, message: "The body comes too slowly."), context
                )
            }
            guardian.watch(context)
        }
    }

    private func schedule(
        after delay: TimeAmount,
        context: ChannelHandlerContext,
        _ act: @escaping (RequestGuard, ChannelHandlerContext) -> Void
    ) {
        let bound = NIOLoopBound((guardian: self, context: context, act: act), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: delay) {
            bound.value.act(bound.value.guardian, bound.value.context)
        }
    }

    private func refuse(_ refusal: HeadRules.Refusal, _ context: ChannelHandlerContext) {
        timer?.cancel()
        guard !isRefused else { return }
        isRefused = true
        // An answer that has begun cannot be taken back; the connection just ends.
        guard !isAnswering else { return context.close(promise: nil) }
        let body = refusal.body
        let headers: HTTPHeaders = [
            "content-type": "application/json", "content-length": String(body.readableBytes), "connection": "close",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: refusal.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // Closed a little later, so that a client that is still sending gets to read the answer.
        written.futureResult.whenComplete { _ in
            let context = bound.value
            context.eventLoop.scheduleTask(in: .milliseconds(100)) { bound.value.close(promise: nil) }
            context.close(mode: .output, promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }
}
