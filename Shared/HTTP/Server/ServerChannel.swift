import HummingbirdCore
package import Logging
package import NIOCore
package import NIOHTTP1

/// The connections of an HTTP/1.1 server; each request is handled on the event loop of its connection.
///
/// The handler's task is cancelled when the client disconnects, and idle streams send heartbeats. Pipelined requests are
/// handled one after another.
package struct ServerChannel: ServerChildChannel {
    /// Handles a request, on the connection's event loop.
    package typealias Respond = @Sendable (ServerRequest) async -> ServerResponse

    package struct Configuration: Sendable {
        /// How long a connection is kept open between two requests; longer than the clients keep theirs.
        package var idleTimeout: TimeAmount
        /// How long a client may take nothing of what is written to it before its connection is closed.
        package var stallTimeout: TimeAmount
        /// Maximum time between two writes of a stream.
        package var heartbeatInterval: TimeAmount
        /// How long an upgraded connection may stay open after a graceful shutdown has begun.
        package var tunnelShutdownTimeout: TimeAmount
        /// Maximum size of a request's head.
        package var limits: NIOHTTPDecoderLimitConfiguration
        /// Handlers of `HTTPServerRequestPart`s that stand directly behind the decoder.
        package var guards: @Sendable (RequestAttachments) -> [any ChannelHandler]

        package init(
            idleTimeout: TimeAmount = .seconds(75),
            stallTimeout: TimeAmount = .seconds(60),
            heartbeatInterval: TimeAmount = .seconds(10),
            tunnelShutdownTimeout: TimeAmount = .seconds(3),
            limits: NIOHTTPDecoderLimitConfiguration = NIOHTTPDecoderLimitConfiguration(),
            guards: @escaping @Sendable (RequestAttachments) -> [any ChannelHandler] = { _ in [] }
        ) {
            self.idleTimeout = idleTimeout
            self.stallTimeout = stallTimeout
            self.heartbeatInterval = heartbeatInterval
            self.tunnelShutdownTimeout = tunnelShutdownTimeout
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
            let coalescer = WriteCoalescer()
            let connection = ServerConnection(
                respond: respond,
                configuration: configuration,
                coalescer: coalescer,
                logger: logger
            )
            let decoder = HTTPRequestDecoder(
                leftOverBytesStrategy: .forwardBytes,
                limitConfiguration: configuration.limits
            )
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(coalescer)
            // Headers are not validated on the way out: each comes from a checked type or is our own.
            try pipeline.addHandler(HTTPResponseEncoder())
            try pipeline.addHandler(ByteToMessageHandler(decoder))
            try pipeline.addHandlers(configuration.guards(connection.attachments))
            try pipeline.addHandler(connection)
            return Value(channel: channel, connection: NIOLoopBound(connection, eventLoop: channel.eventLoop))
        }
    }

    /// Returns when the connection is closed and the task of its last response has ended.
    package func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            do {
                try await value.channel.closeFuture.get()
                let last = try await value.channel.eventLoop.submit { value.connection.value.task }.get()
                await last?.value
            } catch {
                logger.debug("Waiting for the end of a connection failed", metadata: ["error": "\(error)"])
            }
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }
}
