package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTPTypesHTTP1
import ServiceLifecycle

/// A server's connection whose task runs on the connection's own event loop, and is cancelled when the client leaves.
package struct EventLoopChannel<Base: ServerChildChannel>: ServerChildChannel {
    /// A connection, and the news that its client has left.
    package struct Value: ServerChildChannelValue {
        let base: Base.Value
        let departed: EventLoopFuture<Void>
        package var channel: any Channel { base.channel }
    }

    private let base: Base
    private let guards: @Sendable () -> [any RemovableChannelHandler]

    init(base: Base, guards: @escaping @Sendable () -> [any RemovableChannelHandler]) {
        self.base = base
        self.guards = guards
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let departed = channel.eventLoop.makePromise(of: Void.self)
        return channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.recvAllocator, value: ReadBuffers.allocator)
            try channel.pipeline.syncOperations.addHandlers(FlushHandler(), DepartureHandler(departed: departed))
        }
        .flatMap { base.setup(channel: channel, logger: logger) }
        .flatMapThrowing { value in
            let guards = guards()
            if !guards.isEmpty {
                let pipeline = channel.pipeline.syncOperations
                let codec = try pipeline.context(handlerType: HTTP1ToHTTPServerCodec.self).handler
                try pipeline.addHandlers(guards, position: .before(codec))
            }
            return Value(base: value, departed: departed.futureResult)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        let executor = EventLoopTaskExecutor.executor(for: value.channel.eventLoop)
        await withTaskExecutorPreference(executor) {
            await withTaskGroup { group in
                group.addTask { await base.handle(value: value.base, logger: logger) }
                group.addTask {
                    // The promise is only ever succeeded, at the latest when the connection closes.
                    do { try await value.departed.get() } catch { logger.debug("No departure: \(error)") }
                }
                await group.next()
                group.cancelAll()
            }
        }
    }
}
