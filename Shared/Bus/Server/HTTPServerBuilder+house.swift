package import HummingbirdCore
package import NIOCore

extension HTTPServerBuilder {
    /// The server that every service uses: HTTP/1.1 with each connection's task on its own event loop.
    ///
    /// The handler's task is cancelled when the client leaves, and quiet streams carry a heartbeat.
    ///
    /// `idleTimeout`: how long a connection between two requests is kept; longer than the clients' own limit.
    ///
    /// `heartbeatInterval`: the longest silence on a stream.
    ///
    /// `limits`: how large a request's head may be.
    ///
    /// `guards`: what looks at requests first, as `HTTPServerRequestPart`s, right behind the decoder.
    package static func house(
        idleTimeout: TimeAmount? = .seconds(75),
        heartbeatInterval: TimeAmount = .seconds(10),
        limits: HTTP1Channel.Configuration.DecoderConfiguration = .init(),
        guards: @escaping @Sendable () -> [any RemovableChannelHandler] = { [] }
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            EventLoopChannel(
                base: HTTP1Channel(
                    responder: responder,
                    configuration: HTTP1Channel.Configuration(
                        additionalChannelHandlers: [HeartbeatHandler(interval: heartbeatInterval)],
                        idleTimeout: idleTimeout,
                        httpDecoderConfiguration: limits
                    )
                ),
                guards: guards
            )
        }
    }
}
