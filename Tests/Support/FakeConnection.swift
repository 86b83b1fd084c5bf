import NIOCore
import NIOHTTP1

/// A connection of a fake server: parses requests and sends scripted responses.
final class FakeConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let ledger: FakeServerState
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    /// The index of the current request.
    private var current: Int?

    init(ledger: FakeServerState) {
        self.ledger = ledger
    }

    func channelActive(context: ChannelHandlerContext) {
        ledger.opened(context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ledger.closed(context.channel)
        guard let current else { return }
        ledger.change(current) { $0.isAbandoned = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
        case .body(let bytes):
            body.writeImmutableBuffer(bytes)
        case .end:
            answer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let request = FakeRequest(
            method: head.method.rawValue,
            path: String(head.uri.prefix { $0 != "?" }),
            query: String(head.uri.drop { $0 != "?" }.dropFirst()),
            headers: Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
            body: String(buffer: body),
            bytes: Array(body.readableBytesView)
        )
        let (number, answer) = ledger.take(request)
        current = number
        write(answer.pieces[...], of: answer, context: context)
    }

    private func write(_ pieces: ArraySlice<ArraySlice<UInt8>>, of answer: FakeResponse, context: ChannelHandlerContext)
    {
        guard let piece = pieces.first else { return end(answer, context: context) }
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: piece))).whenSuccess {
            let next = pieces.dropFirst()
            let writeNext: @Sendable () -> Void = {
                guard bound.value.context.channel.isActive else { return }
                bound.value.handler.write(next, of: answer, context: bound.value.context)
            }
            if answer.pause == .zero || next.isEmpty { return writeNext() }
            bound.value.context.eventLoop.scheduleTask(in: TimeAmount(answer.pause), writeNext)
        }
    }

    private func end(_ answer: FakeResponse, context: ChannelHandlerContext) {
        if [.keepAlive, .close, .reset].contains(answer.ending), let current {
            ledger.change(current) { $0.isAnswered = true }
            self.current = nil
        }
        context.channel.end(answer.ending)
    }
}
