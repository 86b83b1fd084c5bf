package import NIOCore

/// A connection after an upgrade: raw bytes in both directions, with back-pressure in each.
///
/// Each direction ends on its own: ``next()`` returns `nil` after the peer has finished sending, ``finish()`` ends this
/// side's sending. Cancelling a task that waits in ``next()`` or ``write(_:)`` resets the connection, and so does
/// deallocating the tunnel before both directions have ended. One task may read and one may write at a time.
package final class ByteTunnel: Sendable {
    private let handler: NIOLoopBound<TunnelHandler>
    private let eventLoop: any EventLoop

    init(_ handler: TunnelHandler, eventLoop: any EventLoop) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.eventLoop = eventLoop
    }

    deinit {
        let handler = handler
        eventLoop.inEventLoop ? handler.value.release() : eventLoop.execute { handler.value.release() }
    }

    /// Returns the bytes that have arrived, at least one; `nil` after the peer has finished sending.
    ///
    /// Throws the connection's error, or `CancellationError`.
    package func next() async throws -> ByteBuffer? {
        try await wait { $0.read($1) }
    }

    /// Writes bytes, and waits until the peer has taken most of the bytes written before.
    ///
    /// Throws `ChannelError.ioOnClosedChannel` if the connection is closed or this side has finished sending, or
    /// `CancellationError`.
    package func write(_ bytes: ByteBuffer) async throws {
        try await wait { $0.write(bytes, $1) }
    }

    /// Ends this side's sending once everything written is sent; the peer may go on sending.
    package func finish() async throws {
        try await wait { $0.finish($1) }
    }

    /// Resets the connection; idempotent, and without effect after both directions have ended.
    package func cancel() {
        onEventLoop { $0.abort(CancellationError()) }
    }

    /// Returns when the server begins its graceful shutdown, or when the connection is closed.
    ///
    /// A tunnel that is still open some seconds later is reset (``ServerChannel/Configuration/tunnelShutdownTimeout``).
    /// Throws `CancellationError`.
    package func shutdownRequested() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                onEventLoop { $0.waitForShutdown(continuation) }
            }
        } onCancel: {
            onEventLoop { $0.stopWaitingForShutdown() }
        }
    }

    /// Copies each direction of a tunnel to the other tunnel until both have ended.
    ///
    /// If one direction fails, or the task is cancelled, both tunnels are reset.
    package static func splice(_ first: ByteTunnel, _ second: ByteTunnel) async throws {
        do {
            async let forth: Void = first.copy(to: second)
            async let back: Void = second.copy(to: first)
            _ = try await (forth, back)
        } catch {
            first.cancel()
            second.cancel()
            throw error
        }
    }

    /// Copies all bytes that arrive to another tunnel, and its end.
    private func copy(to other: ByteTunnel) async throws {
        do {
            while let bytes = try await next() { try await other.write(bytes) }
            try await other.finish()
        } catch {
            // Ends the opposite direction, which waits for one of the two.
            cancel()
            other.cancel()
            throw error
        }
    }

    private func wait<Value: Sendable>(
        _ act: @escaping @Sendable (TunnelHandler, CheckedContinuation<Value, any Error>) -> Void
    ) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                onEventLoop { act($0, continuation) }
            }
        } onCancel: {
            cancel()
        }
    }

    private func onEventLoop(_ act: @escaping @Sendable (TunnelHandler) -> Void) {
        let handler = handler
        eventLoop.inEventLoop ? act(handler.value) : eventLoop.execute { act(handler.value) }
    }
}

extension ByteTunnel: AsyncSequence {
    package struct AsyncIterator: AsyncIteratorProtocol {
        let tunnel: ByteTunnel

        package func next() async throws -> ByteBuffer? {
            try await tunnel.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(tunnel: self)
    }
}
