import Bus
import HTTP
import NIOCore
import NIOHTTP1
import ServiceKit
import Synchronization
import TestSupport

/// Runs a server on a real socket with a handler for all requests, and gives its port to `body`.
func withServer<Value>(
    _ configuration: ServerChannel.Configuration = ServerChannel.Configuration(),
    respond: @escaping ServerChannel.Respond,
    _ body: (Int) async throws -> Value
) async throws -> Value {
    let unit = ServiceUnit.application(
        table: EndpointTable(service: "test-svc"),
        configuration: configuration,
        host: "127.0.0.1",
        port: 0,
        draining: DrainState(),
        respond: respond
    )
    return try await withRunning(unit, body)
}

/// Counts bytes on one task and is read on another.
final class ByteCounter: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock(\.self) }

    func add(_ bytes: Int) {
        state.withLock { $0 += bytes }
    }
}

extension ServerResponse {
    static func text(_ text: String, status: HTTPResponseStatus = .ok) -> ServerResponse {
        ServerResponse(status: status, body: .whole(ByteBuffer(string: text)))
    }
}

/// A source of `total` bytes in chunks, and how many of them were taken.
struct CountedSource {
    static let chunk = ByteBuffer(repeating: UInt8(ascii: "x"), count: 32_768)

    let taken = ByteCounter()
    let closed = ByteCounter()

    func stream(of total: Int, announced length: Int?? = nil) -> ByteStream {
        ByteStream(
            length: length ?? total,
            next: { [taken] in
                let left = total - taken.count
                guard left > 0, let chunk = Self.chunk.getSlice(at: 0, length: min(left, Self.chunk.readableBytes))
                else { return nil }
                taken.add(chunk.readableBytes)
                return chunk
            },
            close: { [closed] in closed.add(1) }
        )
    }
}

/// Waits until a number does not change for a while, and returns it.
func settled(_ number: () -> Int) async throws -> Int {
    var before = -1
    try await eventually("A constant number") {
        let now = number()
        defer { before = now }
        try await Task.sleep(for: .milliseconds(150))
        return now == before
    }
    return before
}
