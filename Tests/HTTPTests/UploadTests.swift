import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

/// Request bodies that the client streams.
@Suite(.timeLimit(.minutes(5)))
struct UploadTests {
    private struct SourceFailure: Error, Equatable {}

    @Test(arguments: [true, false])
    func `a streamed body arrives whole, with its length or chunked`(hasLength: Bool) async throws {
        try await withServer(respond: Self.count) { port in
            let client = HTTPClient()
            for total in [0, 1, 5_000_000] {
                let request = Self.request(
                    port,
                    CountedSource().stream(of: total, announced: hasLength ? total : .some(nil))
                )
                let response = try await client.send(request)
                let text = String(buffer: try await response.body.collect(upTo: 1000))
                #expect(text == "\(total) \(hasLength ? "length" : "chunked")")
            }
        }
    }

    @Test func `a server that does not read stops the source, and gets the rest later`() async throws {
        let gate = Gatekeeper()
        let respond: ServerChannel.Respond = { request in
            do { try await gate.wait() } catch { return .text("cancelled") }
            return await Self.count(request)
        }
        try await withServer(respond: respond) { port in
            let (source, total) = (CountedSource(), 100_000_000)
            let response = Task { try await HTTPClient().send(Self.request(port, source.stream(of: total))) }
            let taken = try await settled { source.taken.count }
            // What the kernel buffers, and little more.
            #expect(taken > 0 && taken < 20_000_000)
            gate.open()
            let body = try await response.value.body.collect(upTo: 1000)
            #expect(String(buffer: body) == "\(total) length")
        }
    }

    @Test(arguments: [true, false])
    func `a response before the end of the body is read and stops the sending`(hasLength: Bool) async throws {
        try await withServer(respond: { _ in .text("too large", status: .payloadTooLarge) }) { port in
            let (source, total, client) = (CountedSource(), 1_000_000_000, HTTPClient())
            let length: Int? = hasLength ? total : nil
            let response = try await client.send(Self.request(port, source.stream(of: total, announced: .some(length))))
            #expect(response.status == 413)
            #expect(String(buffer: try await response.body.collect(upTo: 1000)) == "too large")
            #expect(source.taken.count < total / 2)
            #expect(source.closed.count > 0)
            // The connection is not used again: its next bytes would be taken for the rest of the body.
            let next = try await client.send(Self.request(port, CountedSource().stream(of: 10)))
            #expect(next.status == 413)
        }
    }

    @Test func `a source that fails breaks the request off, and its error is thrown`() async throws {
        let broken = ByteCounter()
        try await withServer(respond: { await Self.collect($0, broken) }) { port in
            for length in [nil, 100_000] as [Int?] {
                let source = CountedSource()
                let stream = ByteStream(
                    length: length,
                    next: { [stream = source.stream(of: 50_000)] in
                        guard let chunk = try await stream.next() else { throw SourceFailure() }
                        return chunk
                    }
                )
                await #expect(throws: SourceFailure()) { _ = try await HTTPClient().send(Self.request(port, stream)) }
            }
            try await eventually("Both bodies are incomplete") { broken.count == 2 }
        }
    }

    @Test(arguments: [49_999, 50_001])
    func `a body of another length than announced is never taken for complete`(length: Int) async throws {
        let broken = ByteCounter()
        try await withServer(respond: { await Self.collect($0, broken) }) { port in
            let stream = CountedSource().stream(of: 50_000, announced: length)
            await #expect(throws: (any Error).self) { _ = try await HTTPClient().send(Self.request(port, stream)) }
            try await eventually("The body is incomplete") { broken.count == 1 }
        }
    }

    @Test func `cancelling an upload closes its connection and its source`() async throws {
        let broken = ByteCounter()
        try await withServer(respond: { await Self.collect($0, broken) }) { port in
            let waiting = ByteCounter()
            let stream = ByteStream(
                next: {
                    waiting.add(1)
                    if waiting.count == 1 { return CountedSource.chunk }
                    try await Task.sleep(for: .seconds(3600))
                    return nil
                }
            )
            let upload = Task { try await HTTPClient().send(Self.request(port, stream)) }
            try await eventually("The source waits") { waiting.count == 2 }
            upload.cancel()
            await #expect(throws: CancellationError.self) { _ = try await upload.value }
            try await eventually("The body is incomplete") { broken.count == 1 }
        }
    }

    @Test func `nothing is taken from the source before there is a connection`() async throws {
        let source = CountedSource()
        let stream = source.stream(of: 10)
        do {
            // No process listens on port 1.
            _ = try await HTTPClient().send(Self.request(1, stream))
            Issue.record("The request succeeded.")
        } catch let error as HTTPClientError {
            #expect(error.isBeforeRequest)
        }
        #expect(source.taken.count == 0 && source.closed.count == 0)
        // The request can be repeated.
        let chunk = try await stream.next()
        #expect(chunk?.readableBytes == 10)
    }

    @Test func `a server that takes nothing of the body times out`() async throws {
        // Connections are completed by the kernel, and never accepted.
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        defer { server.close(promise: nil) }
        var request = Self.request(server.localAddress?.port ?? 0, CountedSource().stream(of: 1_000_000_000))
        request.readTimeout = .milliseconds(300)
        do {
            _ = try await HTTPClient().send(request)
            Issue.record("The request succeeded.")
        } catch let error as HTTPClientError {
            #expect(error.kind == .writeTimeout)
        }
    }

    static func request(_ port: Int, _ stream: ByteStream) -> HTTPClient.Request {
        var request = HTTPClient.Request(
            method: .POST,
            target: HTTPTarget(host: "127.0.0.1", port: port),
            path: "/upload"
        )
        request.body = .stream(stream)
        return request
    }

    /// Reads the body and responds with its length.
    static func count(_ request: ServerRequest) async -> ServerResponse {
        do {
            var count = 0
            for try await bytes in request.body.bytes { count += bytes.readableBytes }
            let hasLength = request.head.headers.contains(name: "content-length")
            return .text("\(count) \(hasLength ? "length" : "chunked")")
        } catch {
            return .text("\(error)", status: .badRequest)
        }
    }

    private static func collect(_ request: ServerRequest, _ broken: ByteCounter) async -> ServerResponse {
        do {
            return .text("\(try await request.body.collect(upTo: 1_000_000).readableBytes)")
        } catch {
            broken.add(1)
            return .text("incomplete", status: .badRequest)
        }
    }
}
