import Bus
import HTTP
import NIOCore
import NIOHTTP1
import ServiceKit
import Synchronization
import TestSupport

/// A server on a real socket whose responses depend on the request's path, and a journal of its handlers.
struct SampleServer: Sendable {
    /// Events of the handlers, in order.
    let journal = Journal()

    final class Journal: Sendable {
        private let entries = Mutex<[String]>([])

        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
        func has(_ entry: String) -> Bool { entries.withLock { $0.contains(entry) } }
        var all: [String] { entries.withLock(\.self) }
    }

    static func with<Value>(
        _ configuration: ServerChannel.Configuration = ServerChannel.Configuration(),
        _ body: (Int, Journal) async throws -> Value
    ) async throws -> Value {
        let server = SampleServer()
        return try await withRunning(server.unit(configuration)) { port in try await body(port, server.journal) }
    }

    func unit(_ configuration: ServerChannel.Configuration = ServerChannel.Configuration()) -> ServiceUnit {
        ServiceUnit.application(
            table: EndpointTable(service: "sample-svc"),
            configuration: configuration,
            host: "127.0.0.1",
            port: 0,
            draining: DrainState()
        ) { request in await answer(request) }
    }

    private func answer(_ request: ServerRequest) async -> ServerResponse {
        let path = request.head.uri
        journal.add("asked \(path)")
        switch path {
        case "/slow":
            do { try await Task.sleep(for: .milliseconds(200)) } catch { journal.add("cancelled \(path)") }
            return Self.text(path)
        case "/slower":
            do { try await Task.sleep(for: .seconds(5)) } catch { journal.add("cancelled \(path)") }
            return Self.text(path)
        case "/silent":
            do { try await Task.sleep(for: .seconds(3600)) } catch { journal.add("cancelled \(path)") }
            return written(path) { try await $0.finish() }
        case "/early": return Self.text(path, status: .unauthorized)
        case "/close": return Self.text(path, headers: ["connection": "close"])
        case "/large": return Self.text(Self.large)
        case "/large/last": return Self.text(Self.large, headers: ["connection": "close"])
        case "/empty": return Self.text(path, status: .noContent)
        case "/length": return await length(of: request)
        case "/patient":
            do { try await Task.sleep(for: .milliseconds(300)) } catch { journal.add("cancelled \(path)") }
            return await length(of: request)
        case "/broken":
            return written(path) { writer in
                try await writer.write(ByteBuffer(string: "half"))
                throw CancellationError()
            }
        case "/unfinished": return written(path) { try await $0.write(ByteBuffer(string: "half")) }
        case "/short", "/long":
            let bytes = ByteBuffer(string: path == "/short" ? "half" : "too much of it")
            return written(path, headers: ["content-length": "8"]) { writer in
                try await writer.write(bytes)
                try await writer.finish()
            }
        case "/endless":
            return written(path) { writer in
                let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 4000)
                while true {
                    try await writer.write(piece)
                    journal.add("piece")
                }
            }
        case "/mixed": return mixed()
        case "/events":
            return written(path, headers: ["content-type": "text/event-stream"]) { writer in
                try await Task.sleep(for: .milliseconds(600))
                try await writer.write(ByteBuffer(string: "data: end\n\n"))
                try await writer.finish()
            }
        default: return Self.text(path)
        }
    }

    /// Larger than the buffers of the sockets.
    static let large = String(repeating: "x", count: 20_000_000)

    /// Pieces of many sizes, of which some are coalesced.
    static let sizes = [1, 9000, 5, 8192, 8193, 40_000, 3, 3, 100_000, 1, 8000, 8000, 8000, 8000, 8000, 2]

    static let mixture = sizes.enumerated().map { number, size in
        String(repeating: Character(UnicodeScalar(UInt8(97 + number))), count: size)
    }

    private func mixed() -> ServerResponse {
        written("/mixed", headers: ["content-length": String(Self.sizes.reduce(0, +))]) { writer in
            for piece in Self.mixture { try await writer.write(ByteBuffer(string: piece)) }
            try await writer.finish()
        }
    }

    private func length(of request: ServerRequest) async -> ServerResponse {
        do {
            let body = try await request.body.collect(upTo: 10_000_000)
            return Self.text(String(body.readableBytes))
        } catch {
            journal.add("broken \(request.head.uri)")
            return Self.text("broken", status: .badRequest)
        }
    }

    private func written(
        _ path: String,
        headers: HTTPHeaders = [:],
        _ write: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> ServerResponse {
        ServerResponse(
            status: .ok,
            headers: headers,
            body: .stream { writer in
                defer { journal.add("over \(path)") }
                try await write(writer)
            }
        )
    }

    private static func text(
        _ text: String,
        status: HTTPResponseStatus = .ok,
        headers: HTTPHeaders = [:]
    ) -> ServerResponse {
        ServerResponse(status: status, headers: headers, body: .whole(ByteBuffer(string: text)))
    }
}
