import HummingbirdCore
package import Logging
package import NIOCore
package import NIOHTTP1

/// The connections of a server: HTTP/1.1, each request answered on its connection's own event loop.
///
/// The answering task is cancelled when the client leaves, and quiet streams carry a heartbeat. Requests that come
/// before the one before them is answered wait for it, in the socket.
package struct ServerChannel: ServerChildChannel {
    /// Answers a request, whatever it is; runs on the connection's event loop.
    package typealias Respond = @Sendable (ServerRequest) async -> ServerResponse

    package struct Configuration: Sendable {
        /// How long a connection between two requests is kept; longer than the clients' own limit.
        package var idleTimeout: TimeAmount
        /// The longest silence on a stream.
        package var heartbeatInterval: TimeAmount
        /// How large a request's head may be.
        package var limits: NIOHTTPDecoderLimitConfiguration
        /// What looks at requests first, as `HTTPServerRequestPart`s, right behind the decoder.
        package var guards: @Sendable () -> [any ChannelHandler]

        package init(
            idleTimeout: TimeAmount = .seconds(75),
            heartbeatInterval: TimeAmount = .seconds(10),
            limits: NIOHTTPDecoderLimitConfiguration = NIOHTTPDecoderLimitConfiguration(),
            guards: @escaping @Sendable () -> [any ChannelHandler] = { [] }
        ) {
            self.idleTimeout = idleTimeout
            self.heartbeatInterval = heartbeatInterval
            self.limits = limits
            self.guards = guards
        }
    }

    /// An open connection.
    package struct Value: ServerChildChannelValue {
        package let channel: any Channel
        let connection: NIOLoopBound<ServerConnection>
    }

    private let configuration: Configuration
    private let respond: Respond

    package init(_ configuration: Configuration = Configuration(), respond: @escaping Respond) {
        self.configuration = configuration
        self.respond = respond
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.recvAllocator, value: ReceiveBuffers.allocator)
            let connection = ServerConnection(
                respond: respond,
                idleTimeout: configuration.idleTimeout,
                heartbeatInterval: configuration.heartbeatInterval,
                logger: logger
            )
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(WriteCoalescer())
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                // Every header comes from a checked type or is our own.
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: configuration.limits
            )
            try pipeline.addHandlers(configuration.guards())
            try pipeline.addHandler(connection)
            return Value(channel: channel, connection: NIOLoopBound(connection, eventLoop: channel.eventLoop))
        }
    }

    /// Waits until the connection is closed and its last answer's task has ended.
    package func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            do {
                try await value.channel.closeFuture.get()
                let last = try await value.channel.eventLoop.submit { value.connection.value.task }.get()
                await last?.value
            } catch {
                logger.debug("The connection's end failed", metadata: ["error": "\(error)"])
            }
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }
}
