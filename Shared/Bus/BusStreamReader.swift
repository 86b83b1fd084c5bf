import Contracts
import HTTP
import JSON
import NIOCore
import Synchronization

/// Reads the lines of a bus stream: returns its elements, ignores heartbeats, and requires an end line.
final class BusStreamReader: Sendable {
    /// Maximum length of a line, in bytes: the largest message of a run, whose JSON may be six times as long, and the
    /// other members of the line.
    private static let lineLimit = 6 * Run.maxAnswerBytes + 8 * 1024 * 1024

    private enum Line {
        case element(ByteBuffer)
        case heartbeat
        case end
        case fault(Fault)
    }

    /// Opens the stream again after an error; returns `nil` if that is not possible.
    typealias Reopen = @Sendable (HTTPClientError) async throws -> HTTPClient.Body?

    private struct State {
        var body: HTTPClient.Body
        /// Until the response has begun: how to open the stream again.
        var reopen: Reopen?
        var isClosed = false
        var lines = JSONLines(limit: BusStreamReader.lineLimit)
        var isEnded = false
        var fault: Fault?
    }

    private let peer: String
    private let preliminaryPrefix: String?
    /// Logs a failed connection.
    private let log: @Sendable (HTTPClientError) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    /// - peer: the service's name, for messages.
    /// - body: the body of the response.
    /// - preliminaryPrefix: how elements begin that come before the response proper; `nil` if there are none.
    /// - reopen: opens the stream again if it is lost before the response proper begins.
    /// - log: logs a failed connection.
    init(
        peer: String,
        body: HTTPClient.Body,
        preliminaryPrefix: String? = nil,
        reopen: Reopen? = nil,
        log: @escaping @Sendable (HTTPClientError) -> Void
    ) {
        self.peer = peer
        self.preliminaryPrefix = preliminaryPrefix
        self.log = log
        state = Mutex(State(body: body, reopen: preliminaryPrefix == nil ? nil : reopen))
    }

    private var body: HTTPClient.Body { state.withLock { $0.body } }

    func next() async throws -> [ByteBuffer]? {
        while true {
            if let fault = state.withLock({ $0.fault }) { throw fault }
            if state.withLock({ $0.isEnded }) {
                await drain()
                return nil
            }
            let elements = try take(try await read())
            if !elements.isEmpty { return elements }
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            return state.body
        }
        .close()
    }

    /// Reads the body to its end, so that the connection can be reused.
    private func drain() async {
        // The stream is complete: a connection error after its end line does not matter.
        do { while try await body.nextRead() != nil {} } catch { body.close() }
    }

    private func read() async throws -> ByteBuffer {
        do {
            guard let bytes = try await body.nextRead() else { throw cut("the stream has no end line") }
            return bytes
        } catch let error as HTTPClientError {
            log(error)
            if error.kind == .totalTimeout { throw Fault.unfinished(peer: peer) }
            guard try await reopens(after: error) else { throw cut(error.summary) }
            return try await read()
        }
    }

    /// Opens the stream again, at most once, if the response has not begun.
    private func reopens(after error: HTTPClientError) async throws -> Bool {
        let reopen = state.withLock { state in
            defer { state.reopen = nil }
            return state.isClosed ? nil : state.reopen
        }
        guard let body = try await reopen?(error) else { return false }
        let isClosed = state.withLock { state in
            state.body = body
            state.lines = JSONLines(limit: Self.lineLimit)
            return state.isClosed
        }
        if isClosed { body.close() }
        return true
    }

    private func cut(_ reason: String) -> Fault {
        Fault(.cut, "The response of \(peer) ended early: \(reason). Try again.")
    }

    private func take(_ bytes: ByteBuffer) throws -> [ByteBuffer] {
        try state.withLock { state throws in
            var elements: [ByteBuffer] = []
            for line in try lines(of: bytes, in: &state) {
                switch try parse(line) {
                case .element(let element):
                    elements.append(element)
                    if state.reopen != nil, !isPreliminary(element) { state.reopen = nil }
                case .heartbeat: continue
                case .end: (state.isEnded, state.reopen) = (true, nil)
                case .fault(let fault): (state.fault, state.reopen) = (fault, nil)
                }
            }
            return elements
        }
    }

    private func isPreliminary(_ element: ByteBuffer) -> Bool {
        preliminaryPrefix.map { element.readableBytesView.starts(with: $0.utf8) } ?? false
    }

    private func lines(of bytes: ByteBuffer, in state: inout State) throws -> [ByteBuffer] {
        do {
            return try state.lines.append(bytes)
        } catch {
            state.body.close()
            throw cut("a line is longer than \(error.limit) bytes")
        }
    }

    private func parse(_ line: ByteBuffer) throws -> Line {
        let view = line.readableBytesView
        if view.starts(with: "{\"element\":".utf8), view.last == UInt8(ascii: "}"),
            let element = line.getSlice(at: line.readerIndex + 11, length: line.readableBytes - 12)
        {
            return .element(element)
        }
        if view.starts(with: "{\"heartbeat\":".utf8) { return .heartbeat }
        if view.starts(with: "{\"end\":".utf8) { return .end }
        guard view.starts(with: "{\"fault\":".utf8) else {
            throw cut("it contains an invalid line")
        }
        do {
            return .fault(try BusCoding.decode(FaultEnvelope.self, from: line).fault)
        } catch {
            throw cut("it contains an invalid fault")
        }
    }
}
