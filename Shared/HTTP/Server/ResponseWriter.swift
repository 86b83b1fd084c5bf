package import NIOCore
package import NIOHTTP1

/// Writes the body of one answer.
///
/// What is written in one turn of the event loop goes out in one system call.
package struct ResponseWriter: Sendable {
    private let connection: NIOLoopBound<ServerConnection>
    private let eventLoop: any EventLoop
    /// Which of the connection's answers this is.
    private let number: UInt64

    init(connection: NIOLoopBound<ServerConnection>, number: UInt64) {
        self.connection = connection
        self.number = number
        eventLoop = connection.eventLoop
    }

    /// Writes, and waits while the client has not taken what was written before.
    ///
    /// Throws `ChannelError.ioOnClosedChannel` when the client has left, or `CancellationError`.
    package func write(_ bytes: ByteBuffer) async throws {
        guard eventLoop.inEventLoop else { return try await writeFromElsewhere(bytes) }
        if try connection.value.write(.body(.byteBuffer(bytes)), of: number) { return }
        try await waitForRoom()
    }

    private func writeFromElsewhere(_ bytes: ByteBuffer) async throws {
        let hasRoom = try await eventLoop.submit { try connection.value.write(.body(.byteBuffer(bytes)), of: number) }
            .get()
        if !hasRoom { try await waitForRoom() }
    }

    private func waitForRoom() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                eventLoop.inEventLoop
                    ? connection.value.waitForRoom(continuation)
                    : eventLoop.execute { connection.value.waitForRoom(continuation) }
            }
        } onCancel: {
            eventLoop.execute { connection.value.stopWaitingForRoom(CancellationError(), of: number) }
        }
    }

    /// Ends the body.
    package func finish(_ trailers: HTTPHeaders? = nil) async throws {
        try await onEventLoop { _ = try $0.write(.end(trailers), of: number) }
    }

    /// Sends an answer, its head and its body, to the end.
    func send(_ answer: ServerResponse) async {
        switch answer.body {
        case .whole(let bytes):
            do {
                try await onEventLoop { try $0.write(answer, whole: bytes, of: number) }
            } catch {
                // The client has left.
            }
            end()
        case .stream(let write):
            do {
                try await onEventLoop { try $0.begin(answer, of: number, write) }
            } catch {
                // Nobody reads it; still it must run, since it lets go of what stands behind it. Its writes throw.
                await send(write)
            }
        }
    }

    /// Has the body written, to the end.
    ///
    /// One that does not come to its end closes the connection, so that nobody takes it for whole.
    func send(_ write: @Sendable (ResponseWriter) async throws -> Void) async {
        do {
            try await write(self)
        } catch {
            // The client has left, or the body's maker gave up, which its own log tells.
        }
        end()
    }

    private func end() {
        eventLoop.inEventLoop
            ? connection.value.answered(number) : eventLoop.execute { connection.value.answered(number) }
    }

    private func onEventLoop(_ act: @escaping @Sendable (ServerConnection) throws -> Void) async throws {
        if eventLoop.inEventLoop { return try act(connection.value) }
        try await eventLoop.submit { try act(connection.value) }.get()
    }
}
