import NIOCore
import NIOHTTP1

/// The sending of a streamed request body: pulls a chunk when the connection is writable, and stops when a response
/// arrives first.
///
/// `@unchecked Sendable`: the properties below `eventLoop` are used on that event loop only; ``run(for:)`` goes through
/// it.
final class RequestUpload: @unchecked Sendable {
    /// The body is longer or shorter than its announced length.
    struct WrongLength: Error {}

    let source: ByteStream
    private let eventLoop: any EventLoop
    private var connection: HTTPConnection?
    private var sentBytes = 0
    /// Whether the body was sent as a whole.
    private(set) var isComplete = false
    /// Whether nothing more is sent.
    private var isStopped = false
    /// The wait for the connection, or for its writability; `false` if nothing more is sent.
    private var waiter = SingleWaiter<Bool>()

    init(_ source: ByteStream, eventLoop: any EventLoop) {
        self.source = source
        self.eventLoop = eventLoop
    }

    /// Whether the peer takes nothing at the moment.
    var isBlocked: Bool { connection != nil && waiter.isWaiting }

    // MARK: On the event loop

    /// The head is written: the body may follow.
    func connected(_ connection: HTTPConnection) {
        self.connection = connection
        becameWritable()
    }

    func becameWritable() {
        guard let connection, connection.isWritable else { return }
        waiter.resume(returning: true)
    }

    /// Stops sending.
    func stop() {
        if connection != nil { source.close() }
        isStopped = true
        connection = nil
        waiter.resume(returning: false)
    }

    private func wait(_ continuation: CheckedContinuation<Bool, any Error>) {
        guard !isStopped else { return continuation.resume(returning: false) }
        waiter.wait(continuation)
        becameWritable()
    }

    private func send(_ chunk: ByteBuffer) throws {
        guard !isStopped, let connection else { return }
        sentBytes += chunk.readableBytes
        if let length = source.length, sentBytes > length { throw WrongLength() }
        connection.write(.body(.byteBuffer(chunk)))
    }

    private func finish() throws {
        guard !isStopped, let connection else { return }
        if let length = source.length, sentBytes != length { throw WrongLength() }
        isComplete = true
        isStopped = true
        self.connection = nil
        connection.write(.end(nil))
    }

    // MARK: On the caller's task

    /// Sends the body; returns when it is sent or stopped.
    ///
    /// An error of the source fails the exchange, which closes the connection, so that the peer does not take the body
    /// for complete.
    func run(for exchange: HTTPExchange) async {
        do {
            // Nothing is taken from the source before there is a connection, so that the request can be repeated.
            var isOpen = try await waitForWritability()
            guard isOpen else { return }
            defer { source.close() }
            while isOpen {
                guard let chunk = try await source.next() else {
                    try await onEventLoop { try $0.finish() }
                    break
                }
                try await onEventLoop { try $0.send(chunk) }
                isOpen = try await waitForWritability()
            }
        } catch {
            eventLoop.inEventLoop ? fail(error, exchange) : eventLoop.execute { self.fail(error, exchange) }
        }
    }

    private func fail(_ error: any Error, _ exchange: HTTPExchange) {
        guard !isStopped else { return }
        exchange.fail(error)
    }

    private func waitForWritability() async throws -> Bool {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                eventLoop.inEventLoop ? wait(continuation) : eventLoop.execute { self.wait(continuation) }
            }
        } onCancel: {
            eventLoop.execute { self.waiter.resume(throwing: CancellationError()) }
        }
    }

    private func onEventLoop(_ act: @escaping @Sendable (RequestUpload) throws -> Void) async throws {
        if eventLoop.inEventLoop { return try act(self) }
        try await eventLoop.submit { try act(self) }.get()
    }
}
