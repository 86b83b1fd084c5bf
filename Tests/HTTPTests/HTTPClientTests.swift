import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct HTTPClientTests {
    @Test func `a response that turns into garbage in one read is delivered up to it`() async throws {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let answer = FakeResponse(head: head, body: "5\r\nhello\r\nnonsense\r\n".utf8)
        try await RawServer.with(saying: answer) { server in
            let response = try await HTTPClient().send(try HTTPClient.Request(url: "http://\(server.authority)/"))
            #expect(response.status == 200)
            #expect(try await response.body.nextRead().map { String(buffer: $0) } == "hello")
            do {
                _ = try await response.body.nextRead()
                Issue.record("The garbage was taken for the end of the body.")
            } catch let error as HTTPClientError {
                #expect(error.kind == .protocolViolation)
            }
            #expect(server.connections == 1)
        }
    }

    @Test func `connections to a name with several addresses are counted once, and no longer when closed`() async throws
    {
        let respond: ServerChannel.Respond = { request in
            let isLast = request.head.uri == "/last"
            return ServerResponse(
                status: .ok,
                headers: isLast ? ["connection": "close"] : [:],
                body: .whole(ByteBuffer(string: "x"))
            )
        }
        try await withServer(respond: respond) { port in
            let client = HTTPClient(configuration: HTTPClient.Configuration(maxConnectionsPerHost: 1))
            for number in 0..<40 {
                let path = number % 2 == 0 ? "/first" : "/last"
                let request = HTTPClient.Request(target: HTTPTarget(host: "localhost", port: port), path: path)
                // The connection is closed a moment after its last response.
                try await eventually("A connection") {
                    do {
                        let response = try await client.send(request)
                        return try await response.body.collect(upTo: 10).readableBytes == 1
                    } catch let error as HTTPClientError where error.kind == .exhausted {
                        return false
                    }
                }
            }
        }
    }

    @Test func `cancelling a call from outside its task leaves the task running`() async throws {
        try await RawServer.with(saying: FakeResponse(head: "HTTP/1.1 ", body: [])) { server in
            for isBefore in [true, false] {
                let canceller = CallCanceller()
                var request = try HTTPClient.Request(url: "http://\(server.authority)/")
                request.canceller = canceller
                if isBefore { canceller.cancel() }
                let call = Task { [request] in
                    await #expect(throws: CancellationError.self) { _ = try await HTTPClient().send(request) }
                    return Task.isCancelled
                }
                if !isBefore {
                    try await eventually("The connection") { server.openConnections > 0 }
                    canceller.cancel()
                }
                #expect(await call.value == false)
            }
        }
    }
}
