import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Endpoints that take and return bytes.
@Suite(.timeLimit(.minutes(5)))
struct ByteEndpointTests {
    private struct Store: ByteEndpoint {
        static let path = "/samples/store"
        var name: String

        struct Response: Codable, Sendable, Equatable {
            var name: String
            var count: Int
        }
    }

    @Test func `value, bytes and headers pass in both directions`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serveBytes(Store.self) { request, bytes, context in
            let body = try await bytes.body?.collect(upTo: 100) ?? ByteBuffer()
            #expect(bytes.headers.first(name: "range") == "bytes=2-3")
            #expect(bytes.headers.first(name: "content-type") == "audio/wav")
            #expect(bytes.headers.first(name: "authorization") == nil)
            #expect(context.requestID == "request-1")
            return ByteResponse(
                Store.Response(name: request.name, count: body.readableBytes),
                status: 206,
                headers: ["content-type": "audio/wav", "content-range": "bytes 2-3/4", "set-cookie": "x"],
                body: ByteStream(body.getSlice(at: 2, length: 2) ?? ByteBuffer())
            )
        }
        try await Samples.serving(table) { bus, _ in
            let name = "line\nquote\" ünïcödé 🙂 \u{7F}"
            let response = try await bus.bytes(
                Store(name: name),
                ByteRequest(
                    headers: ["range": "bytes=2-3", "content-type": "audio/wav", "cookie": "x"],
                    body: ByteStream(ByteBuffer(string: "abcd"))
                ),
                CallContext(requestID: "request-1")
            )
            #expect(response.status == 206)
            #expect(response.value == Store.Response(name: name, count: 4))
            #expect(response.headers.first(name: "content-range") == "bytes 2-3/4")
            #expect(response.headers.first(name: "content-type") == "audio/wav")
            #expect(response.headers.first(name: "set-cookie") == nil)
            #expect(response.body.length == 2)
            #expect(String(buffer: try await response.body.collect(upTo: 10)) == "cd")
        }
    }

    @Test func `large bodies of unknown length pass whole in both directions`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serveBytes(Store.self) { request, bytes, _ in
            var count = 0
            if let body = bytes.body { for try await chunk in body { count += chunk.readableBytes } }
            return ByteResponse(Store.Response(name: request.name, count: count), body: Self.stream(of: 30_000_000))
        }
        try await Samples.serving(table) { bus, _ in
            let bytes = ByteRequest(body: Self.stream(of: 40_000_000))
            let response = try await bus.bytes(Store(name: "x"), bytes, CallContext())
            #expect(response.value.count == 40_000_000)
            #expect(response.body.length == nil)
            var count = 0
            for try await chunk in response.body { count += chunk.readableBytes }
            #expect(count == 30_000_000)
        }
    }

    @Test func `a fault comes back as the same fault and stops the upload`() async throws {
        let fault = Fault(.conflict, "There is such a file already.")
        var table = EndpointTable(service: "sample-svc")
        table.serveBytes(Store.self) { _, _, _ in throw fault }
        try await Samples.serving(table) { bus, port in
            let bytes = ByteRequest(body: Self.stream(of: 1_000_000_000))
            await #expect(throws: fault) { _ = try await bus.bytes(Store(name: "x"), bytes, CallContext()) }

            let stranger = try Samples.bus(port: port, token: "something else")
            do {
                _ = try await stranger.bytes(Store(name: "x"), ByteRequest(), CallContext())
                Issue.record("The call succeeded.")
            } catch let fault as Fault {
                #expect(fault.code == .unauthorized)
            }
        }
    }

    @Test func `a response that ends early is a fault`() async throws {
        struct Failure: Error {}
        var table = EndpointTable(service: "sample-svc")
        table.serveBytes(Store.self) { request, _, _ in
            let stream = Self.stream(of: 1_000_000)
            return ByteResponse(
                Store.Response(name: request.name, count: 0),
                body: ByteStream {
                    guard let chunk = try await stream.next() else { throw Failure() }
                    return chunk
                }
            )
        }
        try await Samples.serving(table) { bus, _ in
            let response = try await bus.bytes(Store(name: "x"), ByteRequest(), CallContext())
            do {
                while try await response.body.next() != nil {}
                Issue.record("The body looks complete.")
            } catch let fault as Fault {
                #expect(fault.code == .cut)
            }
        }
    }

    @Test func `an error of the source is thrown as it is`() async throws {
        struct Failure: Error, Equatable {}
        var table = EndpointTable(service: "sample-svc")
        table.serveBytes(Store.self) { request, bytes, _ in
            let count = try await bytes.body?.collect(upTo: 1000).readableBytes ?? 0
            return ByteResponse(Store.Response(name: request.name, count: count), body: ByteStream(ByteBuffer()))
        }
        try await Samples.serving(table) { bus, _ in
            let bytes = ByteRequest(body: ByteStream(length: 10) { throw Failure() })
            await #expect(throws: Failure()) { _ = try await bus.bytes(Store(name: "x"), bytes, CallContext()) }
        }
    }

    @Test func `the request's body cannot be read after the response has begun`() async throws {
        let failed = Counted()
        var table = EndpointTable(service: "sample-svc")
        table.serveBytes(Store.self) { request, bytes, _ in
            ByteResponse(
                Store.Response(name: request.name, count: 0),
                body: ByteStream {
                    do { return try await bytes.body?.next() } catch {
                        failed.add()
                        throw error
                    }
                }
            )
        }
        try await Samples.serving(table) { bus, _ in
            let bytes = ByteRequest(body: Self.stream(of: 10_000_000))
            let response = try await bus.bytes(Store(name: "x"), bytes, CallContext())
            await #expect(throws: Fault.self) { while try await response.body.next() != nil {} }
            #expect(failed.count == 1)
        }
    }

    @Test func `a value that fits no header is refused before anything is sent`() async throws {
        try await Samples.serving(EndpointTable(service: "sample-svc")) { bus, _ in
            do {
                let name = String(repeating: "x", count: 20_000)
                _ = try await bus.bytes(Store(name: name), ByteRequest(), CallContext())
                Issue.record("The call succeeded.")
            } catch let fault as Fault {
                #expect(fault.code == .tooLarge)
            }
        }
    }

    @Test func `curl needs a header and a body, and gets a fault for an invalid header`() async throws {
        var table = EndpointTable(service: "sample-svc")
        table.serveBytes(Store.self) { request, bytes, _ in
            let body = try await bytes.body?.collect(upTo: 100) ?? ByteBuffer()
            return ByteResponse(
                Store.Response(name: request.name, count: body.readableBytes),
                body: ByteStream(body)
            )
        }
        try await Samples.serving(table) { _, port in
            let head = "POST /samples/store HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Samples.token)\r\n"
            let good = try await RawConnection.open(port: port)
            good.send(head + "x-endpoint: {\"name\":\"a\"}\r\nContent-Length: 3\r\n\r\nabc")
            let answer = try await good.answer()
            #expect(answer.status == 200 && answer.body == "abc")
            #expect(
                answer.head.contains("x-endpoint: {\"name\":\"a\",\"count\":3}") || answer.head.contains("\"count\":3")
            )

            for header in ["x-endpoint: nonsense\r\n", "x-endpoint: {}\r\n", ""] {
                let bad = try await RawConnection.open(port: port)
                bad.send(head + header + "Content-Length: 3\r\n\r\nabc")
                let answer = try await bad.answer()
                #expect(answer.status == 400 && answer.body.contains("x-endpoint"))
            }
        }
    }

    /// A stream of so many bytes, of unannounced length.
    private static func stream(of total: Int) -> ByteStream {
        let chunk = ByteBuffer(repeating: 120, count: 50_000)
        let sent = Counted()
        return ByteStream {
            guard sent.count < total / 50_000 else { return nil }
            sent.add()
            return chunk
        }
    }
}
