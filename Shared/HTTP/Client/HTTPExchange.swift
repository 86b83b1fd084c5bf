import NIOCore
import NIOHTTP1

/// One request and its response, from the wait for a connection to the body's end.
///
/// `@unchecked Sendable`: every property below `eventLoop` is touched on that event loop alone; whoever comes from
/// elsewhere (`HTTPClient.send`, `Body`, the pool) goes through `eventLoop.execute`.
final class HTTPExchange: @unchecked Sendable {
    typealias HeadContinuation = CheckedContinuation<HTTPResponseHead, any Error>
    typealias ReadContinuation = CheckedContinuation<ByteBuffer?, any Error>

    /// Bytes that may wait unread before the socket is no longer read.
    static let bufferLimit = 65_536

    let request: HTTPClient.Request
    let eventLoop: any EventLoop
    private let pool: ConnectionPool
    private var connection: HTTPConnection?
    private var headContinuation: HeadContinuation?
    private var readContinuation: ReadContinuation?
    private var head: HTTPResponseHead?
    private var buffer = ByteBuffer()
    private var outcome: Result<Void, any Error>?
    /// Its place among those that its pool watches.
    var watchIndex: Int?
    private var lastProgress = NIODeadline.now()
    /// Until when bytes gather.
    private var release = NIODeadline.uptimeNanoseconds(0)
    private var releaseTimer: Scheduled<Void>?

    init(request: HTTPClient.Request, pool: ConnectionPool) {
        self.request = request
        self.pool = pool
        eventLoop = pool.eventLoop
    }

    /// Whether the socket should not be read for now.
    var isFull: Bool { buffer.readableBytes >= Self.bufferLimit }

    func start(_ continuation: HeadContinuation) {
        if case .failure(let error) = outcome { return continuation.resume(throwing: error) }
        headContinuation = continuation
        pool.lease(to: self)
    }

    /// A connection is there: the request goes out.
    func begin(on connection: HTTPConnection) {
        guard outcome == nil else { return pool.giveBack(connection) }
        self.connection = connection
        lastProgress = .now()
        pool.watch(self)
        connection.send(self)
    }

    func received(_ head: HTTPResponseHead) {
        self.head = head
        lastProgress = .now()
    }

    func received(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeImmutableBuffer(bytes) }
    }

    /// The socket has given all it had for now: whoever waits is told.
    func readCompleted() {
        if let head, let continuation = headContinuation {
            headContinuation = nil
            continuation.resume(returning: head)
        }
        guard buffer.readableBytes > 0 else { return }
        lastProgress = .now()
        handOut()
    }

    /// Gives whoever waits the bytes that are there, unless more of them are to gather.
    private func handOut() {
        guard let continuation = readContinuation, buffer.readableBytes > 0 else { return }
        guard !isGathering else { return scheduleRelease() }
        readContinuation = nil
        continuation.resume(returning: takeBuffer())
    }

    private var isGathering: Bool {
        request.gather != nil && outcome == nil && !isFull && release > .now()
    }

    private func scheduleRelease() {
        guard releaseTimer == nil else { return }
        releaseTimer = eventLoop.scheduleTask(deadline: release) {
            self.releaseTimer = nil
            self.handOut()
        }
    }

    /// The response has come to its proper end.
    func finish() {
        guard outcome == nil else { return }
        outcome = .success(())
        // It may carry another exchange by now.
        connection = nil
        settle()
        readCompleted()
        if let continuation = readContinuation {
            readContinuation = nil
            continuation.resume(returning: nil)
        }
    }

    /// Ends the exchange before its proper end and closes the connection; does nothing once it has ended.
    func fail(_ error: any Error) {
        guard outcome == nil else { return }
        outcome = .failure(error)
        settle()
        connection?.abandon()
        connection = nil
        headContinuation?.resume(throwing: error)
        headContinuation = nil
        if buffer.readableBytes > 0, let continuation = readContinuation {
            readContinuation = nil
            return continuation.resume(returning: takeBuffer())
        }
        readContinuation?.resume(throwing: error)
        readContinuation = nil
    }

    /// What can be said without waiting; `nil` when there is nothing yet.
    func takeReady() -> Result<ByteBuffer?, any Error>? {
        if buffer.readableBytes > 0 { return isGathering ? nil : .success(takeBuffer()) }
        switch outcome {
        case .success: return .success(nil)
        case .failure(let error): return .failure(error)
        case nil: return nil
        }
    }

    func read(_ continuation: ReadContinuation) {
        if let ready = takeReady() { return continuation.resume(with: ready) }
        readContinuation = continuation
        handOut()
    }

    private func takeBuffer() -> ByteBuffer {
        let bytes = buffer
        buffer = ByteBuffer()
        if let gather = request.gather { release = .now() + TimeAmount(gather) }
        if bytes.readableBytes >= Self.bufferLimit {
            lastProgress = .now()
            connection?.resumeReading()
        }
        return bytes
    }

    private func settle() {
        pool.unwatch(self)
        releaseTimer?.cancel()
        releaseTimer = nil
    }

    /// Ends the exchange when its peer has been silent for too long.
    func checkProgress(at now: NIODeadline) {
        let limit = head == nil ? request.headTimeout : request.readTimeout
        // Bytes that wait for a slow consumer are not the peer's silence.
        if isFull {
            lastProgress = now
            return
        }
        guard now - lastProgress >= TimeAmount(limit) else { return }
        let name = request.target.authority
        fail(
            head == nil
                ? HTTPClientError(.headTimeout, "\(name) did not answer within \(limit).")
                : HTTPClientError(.readTimeout, "\(name) was silent for \(limit) in the middle of its answer.")
        )
    }
}
