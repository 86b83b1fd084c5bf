import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Keeps a quiet stream alive: after a while without a write it writes a line that says only that somebody is there.
///
/// `{"heartbeat":{}}` on `application/x-ndjson`, a comment on `text/event-stream`. A stream is written whole lines at a
/// time, so a heartbeat never falls into the middle of one.
final class HeartbeatHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let interval: TimeAmount
    private var beat: ByteBuffer?
    private var lastWrite = NIODeadline.now()
    private var timer: Scheduled<Void>?

    init(interval: TimeAmount) {
        self.interval = interval
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            beat = Self.beat(for: head.headerFields[.contentType])
            guard beat != nil else { break }
            lastWrite = .now()
            schedule(after: interval, context: context)
        case .body:
            if beat != nil { lastWrite = .now() }
        case .end:
            stop()
        }
        context.write(data, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private func stop() {
        beat = nil
        timer?.cancel()
        timer = nil
    }

    private func schedule(after delay: TimeAmount, context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: delay) { bound.value.handler.tick(bound.value.context) }
    }

    private func tick(_ context: ChannelHandlerContext) {
        guard let beat else { return }
        let left = lastWrite + interval - NIODeadline.now()
        if left > .zero { return schedule(after: left, context: context) }
        // What waits unsent says well enough that somebody is there.
        if context.channel.isWritable {
            context.writeAndFlush(wrapOutboundOut(.body(beat)), promise: nil)
        }
        lastWrite = .now()
        schedule(after: interval, context: context)
    }

    private static func beat(for contentType: String?) -> ByteBuffer? {
        guard let contentType else { return nil }
        if contentType.hasPrefix("application/x-ndjson") { return ByteBuffer(string: "{\"heartbeat\":{}}\n") }
        if contentType.hasPrefix("text/event-stream") { return ByteBuffer(string: ": ping\n\n") }
        return nil
    }
}
