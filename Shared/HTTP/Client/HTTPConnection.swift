import NIOCore
import NIOHTTP1
import NIOSSL

/// The last handler of a client connection: carries one exchange at a time and returns to its pool between two.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPClientRequestPart

    let target: HTTPTarget
    /// When it was last returned to the pool.
    var idleSince = NIODeadline.now()
    /// Whether the pool counts it as open.
    var isCounted = false
    private let pool: ConnectionPool
    private let coalescer: WriteCoalescer
    /// The proxy that forwards plain requests; `nil` for a direct connection and for a tunnel.
    private let proxy: HTTPProxy?
    private var context: ChannelHandlerContext?
    private var exchange: HTTPExchange?
    private var isKeptAlive = true
    private var isReadHeld = false
    /// The head of a response that switches protocols.
    private var upgradeHead: HTTPResponseHead?

    init(target: HTTPTarget, pool: ConnectionPool, coalescer: WriteCoalescer, proxy: HTTPProxy? = nil) {
        self.target = target
        self.proxy = proxy
        self.pool = pool
        self.coalescer = coalescer
    }

    func send(_ exchange: HTTPExchange) {
        guard let context, context.channel.isActive else {
            return exchange.fail(HTTPClientError(.closed, "\(target.authority) closed the connection."))
        }
        self.exchange = exchange
        let request = exchange.request
        var headers = request.headers
        headers.add(name: "host", value: target.authority)
        switch request.body {
        case .bytes(let body): headers.add(name: "content-length", value: String(body.readableBytes))
        case .stream(let stream):
            if let length = stream.length {
                headers.add(name: "content-length", value: String(length))
            } else {
                headers.add(name: "transfer-encoding", value: "chunked")
            }
        case nil:
            if request.method == .POST { headers.add(name: "content-length", value: "0") }
        }
        var path = request.path
        if let proxy {
            path = "http://\(target.authority)\(path)"
            if let credential = proxy.authorization { headers.add(name: "proxy-authorization", value: credential) }
        }
        let head = HTTPRequestHead(version: .http1_1, method: request.method, uri: path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let upload = exchange.upload {
            context.flush()
            return upload.connected(self)
        }
        if case .bytes(let body)? = request.body {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Writes a part of a streamed body.
    func write(_ part: HTTPClientRequestPart) {
        context?.writeAndFlush(wrapOutboundOut(part), promise: nil)
    }

    var isWritable: Bool { context?.channel.isWritable == true }

    /// Measures how much of what was written the peer has taken.
    func measureProgress() -> EventLoopFuture<SendProgress>? {
        (context?.channel).map(SendProgress.measure)
    }

    /// Closes the connection, whatever state it is in.
    func close() {
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
        // After a switch of protocols the tunnel reads.
        guard upgradeHead == nil, exchange?.isFull != true else {
            isReadHeld = true
            return
        }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let exchange else { return context.close(promise: nil) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if exchange.acceptsUpgrade, head.switchesProtocol {
                upgradeHead = head
                return
            }
            // Nothing after a switch of protocols is HTTP.
            isKeptAlive = head.isKeepAlive && head.status.code >= 200
            exchange.received(head)
        case .body(let bytes):
            exchange.received(bytes)
        case .end:
            if let upgradeHead { return startTunnel(upgradeHead, exchange, context) }
            self.exchange = nil
            if isKeptAlive, exchange.isRequestSent { pool.release(self) } else { context.close(promise: nil) }
            exchange.finish()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.readCompleted()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        exchange?.upload?.becameWritable()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pool.remove(self)
        failExchange(HTTPClientError(.closed, "\(target.authority) closed the connection before its response ended."))
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

    /// Hands the connection over as a tunnel once the HTTP decoder is removed.
    private func startTunnel(_ head: HTTPResponseHead, _ exchange: HTTPExchange, _ context: ChannelHandlerContext) {
        let tunnel = TunnelHandler()
        do {
            try context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
            try context.pipeline.syncOperations.addHandler(tunnel, position: .after(coalescer))
            let switched = try context.switchProtocol(from: HTTPResponseDecoder.self, to: tunnel)
            let bound = NIOLoopBound((connection: self, tunnel: tunnel), eventLoop: context.eventLoop)
            switched.whenSuccess {
                bound.value.connection.exchange = nil
                bound.value.tunnel.open()
                exchange.upgraded(head, ByteTunnel(bound.value.tunnel, eventLoop: exchange.eventLoop))
            }
        } catch {
            errorCaught(context: context, error: error)
        }
    }
}

extension HTTPResponseHead {
    /// Whether the connection carries another protocol after this head, and the decoder stops.
    fileprivate var switchesProtocol: Bool {
        status == .switchingProtocols && headers.contains(name: "upgrade")
            && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }
}
