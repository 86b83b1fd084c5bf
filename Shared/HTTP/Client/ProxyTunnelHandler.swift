import Foundation
import NIOCore

/// Asks a proxy for a tunnel (`CONNECT`), and gives way to the handlers of the tunnel when the proxy has agreed.
final class ProxyTunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Maximum size of the proxy's response, in bytes.
    private static let limit = 16_384

    private let target: HTTPTarget
    private let proxy: HTTPProxy
    /// Adds the handlers of the tunnel, on the event loop.
    private let open: (any Channel) throws -> Void
    /// Fails if the proxy refuses; succeeds before the handlers of the tunnel are added.
    let ready: EventLoopPromise<Void>
    private var received = ByteBuffer()

    init(
        to target: HTTPTarget,
        through proxy: HTTPProxy,
        ready: EventLoopPromise<Void>,
        open: @escaping (any Channel) throws -> Void
    ) {
        self.target = target
        self.proxy = proxy
        self.ready = ready
        self.open = open
    }

    func channelActive(context: ChannelHandlerContext) {
        let host = target.host.contains(":") ? "[\(target.host)]" : target.host
        let authority = "\(host):\(target.port)"
        var request = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n"
        if let credential = proxy.authorization { request += "Proxy-Authorization: \(credential)\r\n" }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request + "\r\n")), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        let text = String(buffer: received)
        guard let end = text.range(of: "\r\n\r\n") ?? text.range(of: "\n\n") else {
            if received.readableBytes > Self.limit { fail(context, "sent too long a response") }
            return
        }
        let status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
        guard text.hasPrefix("HTTP/1."), let status, (200..<300).contains(status) else {
            return fail(context, status.map { "refused the connection with status \($0)" } ?? "does not speak HTTP")
        }
        guard end.upperBound == text.endIndex else { return fail(context, "sent bytes before the tunnel was used") }
        let channel = context.channel
        do {
            try open(channel)
            ready.succeed()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            ready.fail(error)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ready.fail(HTTPClientError(.connect, "The proxy \(proxy.target.authority) closed the connection."))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ready.fail(error)
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ready.fail(ChannelError.eof)
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: String) {
        ready.fail(HTTPClientError(.connect, "The proxy \(proxy.target.authority) \(reason)."))
        context.close(promise: nil)
    }
}
