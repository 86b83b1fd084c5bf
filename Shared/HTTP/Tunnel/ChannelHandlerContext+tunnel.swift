import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL

extension ChannelHandlerContext {
    /// Removes the HTTP decoder and gives the bytes that it holds to the tunnel, which is opened afterwards.
    func switchProtocol<Part, Other>(
        from decoder: HTTPDecoder<Part, Other>.Type,
        to tunnel: TunnelHandler
    ) throws -> EventLoopFuture<Void> {
        let pipeline = pipeline.syncOperations
        // The tunnel's bytes do not wait in large kernel buffers, which an end of input would bring in at once.
        try channel.syncOptions?.setOption(.socketOption(.so_rcvbuf), value: 262_144)
        try channel.syncOptions?.setOption(.socketOption(.so_keepalive), value: 1)
        let handler = try pipeline.handler(type: ByteToMessageHandler<HTTPDecoder<Part, Other>>.self)
        try pipeline.addHandler(LeftoverHandler(tunnel: tunnel), position: .after(handler))
        return pipeline.removeHandler(handler)
    }

    /// Closes the connection with RST, so that the peer does not take it for a proper end.
    func resetConnection() {
        if let socket = channel as? any SocketOptionProvider {
            // If it fails, the connection is closed, which is all that can be done.
            _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        // TLS would announce a proper end: it is left out.
        do {
            try pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self).close(promise: nil)
        } catch {
            close(promise: nil)
        }
    }
}
