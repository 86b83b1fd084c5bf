package import NIOCore
package import NIOHTTP1

/// Writes the body of one response.
///
/// The writes of one event loop turn are sent in one system call.
package struct ResponseWriter: Sendable {
    private let connection: NIOLoopBound<ServerConnection>
    private let eventLoop: any EventLoop
    private let responseID: UInt64

    init(connection: NIOLoopBound<ServerConnection>, responseID: UInt64) {
        self.connection = connection
        self.responseID = responseID
        eventLoop = connection.eventLoop
    }

    /// Writes bytes, and waits until the client has taken most of the bytes written before.
    ///
    /// Throws `ChannelError.ioOnClosedChannel` if the client has disconnected, or `CancellationError`.
    package func write(_ bytes: ByteBuffer) async throws {
        guard eventLoop.inEventLoop else { return try await writeFromAnotherThread(bytes) }
        if try connection.value.write(.body(.byteBuffer(bytes)), of: responseID) { return }
        try await waitForWritability()
    }

    private func writeFromAnotherThread(_ bytes: ByteBuffer) async throws {
        let isWritable = try await eventLoop.submit {
            try connection.value.write(.body(.byteBuffer(bytes)), of: responseID)
        }
        .get()
        if !isWritable { try await waitForWritability() }
    }

    private func waitForWritability() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                eventLoop.inEventLoop
                    ? connection.value.waitForWritability(continuation)
                    : eventLoop.execute { connection.value.waitForWritability(continuation) }
            }
        } onCancel: {
            eventLoop.execute { connection.value.stopWaitingForWritability(CancellationError(), of: responseID) }
        }
    }

    /// Ends the body.
    package func finish(_ trailers: HTTPHeaders? = nil) async throws {
        try await onEventLoop { _ = try $0.write(.end(trailers), of: responseID) }
    }

    /// Sends a response: its head and its body.
    func send(_ response: ServerResponse) async {
        switch response.body {
        case .whole(let bytes):
            do {
                try await onEventLoop { try $0.write(response, whole: bytes, of: responseID) }
            } catch {
                // The client has disconnected.
            }
            end()
        case .stream(let write):
            do {
                try await onEventLoop { try $0.begin(response, of: responseID, write) }
            } catch {
                // The client has disconnected. The body's closure runs all the same, since it releases resources; its
                // writes throw.
                await send(write)
            }
        case .upgrade(let run):
            await upgrade(response, run)
        }
    }

    /// Writes the body.
    ///
    /// An incomplete body closes the connection, so that the client does not take it for complete.
    func send(_ write: @Sendable (ResponseWriter) async throws -> Void) async {
        do {
            try await write(self)
        } catch {
            // The client has disconnected, or the body's producer has failed and logged why.
        }
        end()
    }

    private func upgrade(
        _ response: ServerResponse,
        _ run: @escaping @Sendable (ByteTunnel) async throws -> Void
    ) async {
        do {
            try await onEventLoop { try $0.upgrade(response, of: responseID, run) }
        } catch is ServerConnection.UpgradeNotRequested {
            let name = response.headers.first(name: "upgrade") ?? ""
            let headers: HTTPHeaders = ["upgrade": name, "connection": "upgrade"]
            await send(ServerResponse(status: .upgradeRequired, headers: headers, body: .whole(ByteBuffer())))
        } catch {
            // The client has disconnected.
            end()
        }
    }

    /// Runs the handler of a tunnel, and ends its connection.
    func run(_ run: @Sendable (ByteTunnel) async throws -> Void, _ tunnel: ByteTunnel) async {
        do {
            try await run(tunnel)
            try await tunnel.finish()
        } catch {
            tunnel.cancel()
        }
        end()
    }

    private func end() {
        eventLoop.inEventLoop
            ? connection.value.responseTaskEnded(responseID)
            : eventLoop.execute { connection.value.responseTaskEnded(responseID) }
    }

    private func onEventLoop(_ act: @escaping @Sendable (ServerConnection) throws -> Void) async throws {
        if eventLoop.inEventLoop { return try act(connection.value) }
        try await eventLoop.submit { try act(connection.value) }.get()
    }
}
