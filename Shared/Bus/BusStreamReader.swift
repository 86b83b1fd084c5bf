import Contracts
import HTTP
import JSON
import NIOCore
import Synchronization

/// Reads the lines of a bus stream: gives its elements, drops heartbeats, and wants an end to be said.
final class BusStreamReader: Sendable {
    /// The longest line in bytes.
    private static let lineLimit = 8 * 1024 * 1024

    private enum Line {
        case element(ByteBuffer)
        case heartbeat
        case end
        case fault(Fault)
    }

    private struct State {
        var lines = JSONLines(limit: BusStreamReader.lineLimit)
        var isEnded = false
        var fault: Fault?
    }

    private let peer: String
    private let body: HTTPClient.Body
    private let state = Mutex(State())

    init(peer: String, body: HTTPClient.Body) {
        self.peer = peer
        self.body = body
    }

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
        body.close()
    }

    /// Reads the body to its proper end, so that the connection can be used again.
    private func drain() async {
        // The end has been said: how the connection fares after it changes nothing.
        do { while try await body.nextRead() != nil {} } catch { body.close() }
    }

    private func read() async throws -> ByteBuffer {
        do {
            guard let bytes = try await body.nextRead() else { throw cut("its stream stopped without an end") }
            return bytes
        } catch let error as HTTPClientError {
            throw cut(error.message)
        }
    }

    private func cut(_ reason: String) -> Fault {
        Fault(.cut, "The answer of \(peer) broke off: \(reason)")
    }

    private func take(_ bytes: ByteBuffer) throws -> [ByteBuffer] {
        try state.withLock { state throws in
            var elements: [ByteBuffer] = []
            for line in try lines(of: bytes, in: &state) {
                switch try parse(line) {
                case .element(let element): elements.append(element)
                case .heartbeat: continue
                case .end: state.isEnded = true
                case .fault(let fault): state.fault = fault
                }
            }
            return elements
        }
    }

    private func lines(of bytes: ByteBuffer, in state: inout State) throws -> [ByteBuffer] {
        do {
            return try state.lines.append(bytes)
        } catch {
            body.close()
            throw cut("a line is longer than \(error.limit) bytes.")
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
            throw cut("it sent a line that is none of element, heartbeat, end, fault.")
        }
        return .fault(try BusCoding.decode(FaultEnvelope.self, from: line).fault)
    }
}
