import NIOCore
import NIOHTTP1
import NIOSSL

/// One connection, last in its pipeline: carries one exchange at a time and goes back to its pool between two.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPClientRequestPart

    let target: HTTPTarget
    /// When it was last given back.
    var idleSince = NIODeadline.now()
    /// Whether its pool counts it among the open ones.
    var isCounted = false
    private let pool: ConnectionPool
    private var context: ChannelHandlerContext?
    private var exchange: HTTPExchange?
    private var isKeptAlive = true
    private var isReadHeld = false

    init(target: HTTPTarget, pool: ConnectionPool) {
        self.target = target
        self.pool = pool
    }

    func send(_ exchange: HTTPExchange) {
        guard let context, context.channel.isActive else {
            return exchange.fail(HTTPClientError(.closed, "\(target.authority) closed the connection."))
        }
        self.exchange = exchange
        let request = exchange.request
        var headers = request.headers
        headers.add(name: "host", value: target.authority)
        if request.body != nil || request.method == .POST {
            headers.add(name: "content-length", value: String(request.body?.readableBytes ?? 0))
        }
        let head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body = request.body {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Ends the connection whatever is going on.
    func abandon() {
        exchange = nil
        context?.close(promise: nil)
    }

    func resumeReading() {
        guard isReadHeld, let context else { return }
        isReadHeld = false
        context.read()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        guard exchange?.isFull != true else {
            isReadHeld = true
            return
        }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let exchange else { return context.close(promise: nil) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            // After a switch of protocols nothing more is HTTP here.
            isKeptAlive = head.isKeepAlive && head.status.code >= 200
            exchange.received(head)
        case .body(let bytes):
            exchange.received(bytes)
        case .end:
            self.exchange = nil
            if isKeptAlive { pool.giveBack(self) } else { context.close(promise: nil) }
            exchange.finish()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.readCompleted()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pool.forget(self)
        failExchange(HTTPClientError(.closed, "\(target.authority) closed the connection before its answer ended."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let kind: HTTPClientError.Kind
        switch error {
        case HTTPParserError.invalidEOFState: kind = .closed
        case is HTTPParserError: kind = .protocolViolation
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: kind = .tls
        default: kind = .closed
        }
        failExchange(HTTPClientError(kind, "The connection to \(target.authority) failed: \(error)."))
        context.close(promise: nil)
    }

    private func failExchange(_ error: HTTPClientError) {
        let failed = exchange
        exchange = nil
        failed?.fail(error)
    }
}
