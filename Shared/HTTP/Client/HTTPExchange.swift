import NIOCore
import NIOHTTP1

/// One request and its response, from the wait for a connection to the end of the body.
///
/// `@unchecked Sendable`: the properties below `eventLoop` are used on that event loop only, `acceptsUpgrade` before and
/// `tunnel` after the exchange is there; other threads go through `eventLoop.execute`.
final class HTTPExchange: @unchecked Sendable {
    typealias ReadContinuation = CheckedContinuation<ByteBuffer?, any Error>

    /// Number of unread bytes from which on the socket is no longer read.
    static let bufferLimit = 65_536

    let request: HTTPClient.Request
    /// The sending of a streamed request body.
    let upload: RequestUpload?
    let eventLoop: any EventLoop
    /// Whether a `101` switches protocols.
    var acceptsUpgrade = false
    /// The connection after a switch of protocols.
    private(set) var tunnel: ByteTunnel?
    private let pool: ConnectionPool
    var connection: HTTPConnection?
    private var headWaiter = SingleWaiter<HTTPResponseHead>()
    private var reader = SingleWaiter<ByteBuffer?>()
    var responseHead: HTTPResponseHead?
    private var buffer = ByteBuffer()
    private var outcome: Result<Void, any Error>?
    /// The index among the exchanges whose timeouts the pool checks.
    var timeoutIndex: Int?
    var lastProgress = NIODeadline.now()
    /// The time at which the exchange fails unless it has ended.
    let deadline: NIODeadline?
    var sendProgress: SendProgress?
    /// The time until which bytes are collected.
    private var deliveryTime = NIODeadline.uptimeNanoseconds(0)
    private var deliveryTimer: Scheduled<Void>?

    init(request: HTTPClient.Request, pool: ConnectionPool) {
        self.request = request
        self.pool = pool
        eventLoop = pool.eventLoop
        deadline = request.totalTimeout.map { .now() + TimeAmount($0) }
        upload =
            if case .stream(let source)? = request.body { RequestUpload(source, eventLoop: eventLoop) } else { nil }
    }

    /// Whether the socket should not be read for now.
    var isFull: Bool { buffer.readableBytes >= Self.bufferLimit }

    /// Whether the whole request is sent.
    var isRequestSent: Bool { upload?.isComplete ?? true }

    /// Starts the exchange, and returns when the response head has arrived.
    func head() async throws -> HTTPResponseHead {
        // Weak: a canceller does not keep the exchange alive.
        request.canceller?.onCancel { [weak self, eventLoop] in
            guard let self else { return }
            eventLoop.execute { self.fail(CancellationError()) }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                eventLoop.inEventLoop ? start(continuation) : eventLoop.execute { self.start(continuation) }
            }
        } onCancel: {
            eventLoop.execute { self.fail(CancellationError()) }
        }
    }

    private func start(_ continuation: CheckedContinuation<HTTPResponseHead, any Error>) {
        if case .failure(let error) = outcome { return continuation.resume(throwing: error) }
        headWaiter.wait(continuation)
        pool.lease(to: self)
    }

    /// Sends the request on an open connection.
    func begin(on connection: HTTPConnection) {
        guard outcome == nil else { return pool.release(connection) }
        self.connection = connection
        lastProgress = .now()
        pool.startTimeouts(of: self)
        connection.send(self)
    }

    func received(_ head: HTTPResponseHead) {
        responseHead = head
        lastProgress = .now()
        upload?.stop()
    }

    func received(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeImmutableBuffer(bytes) }
    }

    /// All that the socket had for now is received: resumes the waiting task.
    func readCompleted() {
        if let responseHead { headWaiter.resume(returning: responseHead) }
        guard buffer.readableBytes > 0 else { return }
        lastProgress = .now()
        deliver()
    }

    /// Delivers the bytes to the waiting task, unless more are to be collected.
    private func deliver() {
        guard reader.isWaiting, buffer.readableBytes > 0 else { return }
        guard !isCollecting else { return scheduleDelivery() }
        reader.resume(returning: takeBuffer())
    }

    private var isCollecting: Bool {
        request.gather != nil && outcome == nil && !isFull && deliveryTime > .now()
    }

    private func scheduleDelivery() {
        guard deliveryTimer == nil else { return }
        deliveryTimer = eventLoop.scheduleTask(deadline: deliveryTime) {
            self.deliveryTimer = nil
            self.deliver()
        }
    }

    /// The response has ended properly.
    func finish() {
        guard outcome == nil else { return }
        outcome = .success(())
        // The pool may give it to another exchange.
        connection = nil
        stopTimers()
        readCompleted()
        reader.resume(returning: nil)
    }

    /// The server has switched protocols: the exchange is over.
    func upgraded(_ head: HTTPResponseHead, _ tunnel: ByteTunnel) {
        guard outcome == nil else { return tunnel.cancel() }
        outcome = .success(())
        connection = nil
        upload?.stop()
        stopTimers()
        self.tunnel = tunnel
        headWaiter.resume(returning: head)
    }

    /// Ends the exchange before its proper end and closes the connection; no effect after the end.
    func fail(_ error: any Error) {
        guard outcome == nil else { return }
        outcome = .failure(error)
        stopTimers()
        upload?.stop()
        connection?.close()
        connection = nil
        // A part of the body that arrived in the same read is delivered: the request must not be repeated after it.
        if let responseHead, buffer.readableBytes > 0 {
            headWaiter.resume(returning: responseHead)
        } else {
            headWaiter.resume(throwing: error)
        }
        guard reader.isWaiting else { return }
        if buffer.readableBytes > 0 { reader.resume(returning: takeBuffer()) } else { reader.resume(throwing: error) }
    }

    /// Returns what can be delivered without waiting; `nil` if nothing can.
    func takeReady() -> Result<ByteBuffer?, any Error>? {
        if buffer.readableBytes > 0 { return isCollecting ? nil : .success(takeBuffer()) }
        switch outcome {
        case .success: return .success(nil)
        case .failure(let error): return .failure(error)
        case nil: return nil
        }
    }

    func read(_ continuation: ReadContinuation) {
        // A second reader does not take what the first waits for.
        if !reader.isWaiting, let ready = takeReady() { return continuation.resume(with: ready) }
        reader.wait(continuation)
        deliver()
    }

    private func takeBuffer() -> ByteBuffer {
        let bytes = buffer
        buffer = ByteBuffer()
        if let gather = request.gather { deliveryTime = .now() + TimeAmount(gather) }
        if bytes.readableBytes >= Self.bufferLimit {
            lastProgress = .now()
            connection?.resumeReading()
        }
        return bytes
    }

    private func stopTimers() {
        pool.stopTimeouts(of: self)
        deliveryTimer?.cancel()
        deliveryTimer = nil
    }
}
