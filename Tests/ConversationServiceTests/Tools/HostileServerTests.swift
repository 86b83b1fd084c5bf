import Bus
import Contracts
import HTTP
import TestSupport
import Testing

@testable import ConversationService

/// Tools with a server that does what it should not.
@Suite(.timeLimit(.minutes(5)))
struct HostileServerTests {
    private static let secret = "sk-secret-0123456789"
    private static let arguments = [
        "get_weather": #"{"latitude":1,"longitude":2}"#, "web_search": #"{"query":"a"}"#,
        "generate_image": #"{"prompt":"a"}"#,
    ]
    private static let names = ["get_weather", "web_search", "generate_image"]

    /// The result of a tool whose server is at this authority.
    private func run(_ name: String, _ authority: String, within limit: Duration = .seconds(280)) async throws -> String
    {
        let url = "http://\(authority)"
        let client = HTTPClient()
        let tools: [any Tool] = [
            try WeatherTool(url: url, timeLimit: limit, client: client),
            try WebSearchTool(url: url, timeLimit: limit, client: client),
            try ImageTool(url: url, key: Self.secret, model: nil, timeLimit: limit, client: client),
        ]
        let call = Inference.ToolCall(id: "1", name: name, arguments: Self.arguments[name] ?? "")
        return try await ToolRegistry(tools).run(call, allowed: Self.names, .sample()).text
    }

    /// Expects a short fault without the address of the server, its text and the credential.
    private func expectFault(
        _ answer: FakeResponse,
        saying words: String,
        within limit: Duration = .seconds(280),
        location: SourceLocation = #_sourceLocation
    ) async throws {
        for name in Self.names {
            try await RawServer.with(saying: answer) { server in
                let fault = await #expect(throws: Fault.self, sourceLocation: location) {
                    try await run(name, server.authority, within: limit)
                }
                let message = fault?.message ?? ""
                #expect(message.contains(words), "\(name): \(message)", sourceLocation: location)
                #expect(message.count < 120, sourceLocation: location)
                for hidden in ["127.0.0.1", "http", "secret", "internal.example", "10.1.2.3", "Traceback"] {
                    #expect(!message.contains(hidden), "\(message)", sourceLocation: location)
                }
                try await eventually { server.openConnections == 0 }
            }
        }
    }

    private static func answer(_ head: String, _ body: String = "") -> FakeResponse {
        FakeResponse(head: "HTTP/1.1 \(head)\r\n\r\n", body: body.utf8).ending(.close)
    }

    private static func chunked(_ body: String) -> FakeResponse {
        let chunk = "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n"
        return answer("200 OK\r\nTransfer-Encoding: chunked", chunk + "0\r\n\r\n")
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `no redirect is followed`(status: Int) async throws {
        try await RawServer.with(saying: Self.answer("200 OK\r\nContent-Length: 2", "{}")) { sentinel in
            for location in ["http://\(sentinel.authority)/", "//\(sentinel.authority)/v1/forecast"] {
                let head = "\(status) Elsewhere\r\nLocation: \(location)\r\nContent-Length: 0"
                try await expectFault(Self.answer(head), saying: "redirects to another address")
            }
            #expect(sentinel.connections == 0)
        }
    }

    @Test func `a response of 5 MB is not read`() async throws {
        let body = #"{"current":{"a":""# + String(repeating: "a", count: 5_000_000) + #""}}"#
        let announced = Self.answer("200 OK\r\nContent-Length: \(body.utf8.count)", body)
        try await expectFault(announced, saying: "sent a response of more than")
        try await expectFault(Self.chunked(body), saying: "sent a response of more than")
        let untilClose = Self.answer("200 OK\r\nConnection: close", body)
        try await expectFault(untilClose, saying: "sent a response of more than")
    }

    @Test func `an endless drip ends at the time limit`() async throws {
        for name in Self.names {
            try await withFakeServer(mainPath: "*", scripts: [:]) { server in
                let drip = FakeResponse(
                    head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    body: String(repeating: "1\r\n \r\n", count: 100_000).utf8
                )
                server.always("*") { _ in drip.byteByByte(pause: .milliseconds(2)) }
                let authority = String(server.url.dropFirst("http://".count))
                let fault = await #expect(throws: Fault.self) {
                    try await run(name, authority, within: .milliseconds(300))
                }
                #expect(fault?.message.contains("did not") == true)
                try await eventually { server.openConnections == 0 }
            }
        }
    }

    /// The limit of the client or, on a slow machine, that of the registry ends the call.
    @Test func `silence ends at the time limit`() async throws {
        for answer in [
            FakeResponse(head: "", body: []).ending(.stall), Self.answer("200 OK\r\nContent-Length: 10").ending(.stall),
            Self.answer("200 OK\r\nContent-Length: 10", "{").ending(.stall),
        ] {
            try await expectFault(answer, saying: "did not", within: .milliseconds(200))
        }
    }

    @Test(arguments: [
        "", "null", "7", "[]", "<html>", "{", #"{"current":"#, #"{"current":{"a":1}"#, #"{"results":[{"url":"x"}"#,
        #"{"results":{}}"#, #"{"data":{}}"#, "{\"a\":\"\u{FFFD}", #"{"a":01}"#, "\u{FEFF}{}",
        String(repeating: "[", count: 500_000), String(repeating: #"{"a":"#, count: 100_000),
    ])
    func `a response that is not the expected JSON is an error`(body: String) async throws {
        for name in Self.names {
            try await RawServer.with(saying: Self.chunked(body)) { server in
                let fault = await #expect(throws: Fault.self) { try await run(name, server.authority) }
                #expect(
                    ["cannot be read", "no image", "no current weather"].contains {
                        fault?.message.contains($0) == true
                    }
                )
            }
        }
    }

    @Test func `bytes that are not UTF-8 are an error`() async throws {
        let body: [UInt8] = Array(#"{"current":{"a":""#.utf8) + [0xFF, 0xC0, 0x80] + Array(#""}}"#.utf8)
        let answer = FakeResponse(head: "HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n", body: body)
        try await expectFault(answer.ending(.close), saying: "cannot be read")
    }

    @Test(arguments: [400, 401, 403, 404, 405, 422, 429, 500, 502, 503, 599, 204, 206])
    func `the text of an error stays inside`(status: Int) async throws {
        let body = #"{"error":{"message":"Traceback: http://internal.example:9000 with \#(Self.secret) at 10.1.2.3"}}"#
        let length = status == 204 ? "" : "\r\nContent-Length: \(body.utf8.count)"
        try await expectFault(
            Self.answer("\(status) Internal secret\(length)", status == 204 ? "" : body),
            saying: "service"
        )
    }

    @Test func `a connection that is cut is an error, wherever it is cut`() async throws {
        let whole = Self.chunked(#"{"current":{"a":1},"results":[],"data":[{"url":"https://example.org/"}]}"#)
        for length in stride(from: 1, to: whole.bytes.count - 1, by: 7) {
            for name in Self.names {
                try await RawServer.with(saying: whole.cut(after: length)) { server in
                    _ = await #expect(throws: Fault.self) { try await run(name, server.authority) }
                }
            }
        }
        for name in Self.names {
            try await RawServer.with(saying: whole) { server in
                let text = try await run(name, server.authority)
                #expect(!text.isEmpty)
            }
        }
    }

    @Test func `a compressed response is refused`() async throws {
        let head = "200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2"
        try await expectFault(Self.answer(head, "{}"), saying: "compressed response")
    }

    @Test func `a server that is not there is an error`() async throws {
        for name in Self.names {
            // The discard port: no process listens there.
            let fault = await #expect(throws: Fault.self) { try await run(name, "127.0.0.1:9") }
            #expect(fault?.message.hasSuffix("service cannot be reached.") == true)
        }
    }

    @Test func `cancelling a run closes the connection`() async throws {
        try await RawServer.with(saying: FakeResponse(head: "", body: []).ending(.stall)) { server in
            let running = Task { try await run("web_search", server.authority) }
            try await eventually { server.openConnections == 1 }
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            try await eventually { server.openConnections == 0 }
        }
    }

    @Test func `only the image service gets the key`() async throws {
        try await withFakeServer(mainPath: "*", scripts: ["*": { _ in .json(200, "{}") }]) { server in
            let authority = String(server.url.dropFirst("http://".count))
            for name in Self.names { await #expect(throws: Fault.self) { try await run(name, authority) } }
            let requests = server.requests()
            #expect(requests.count == 3)
            for request in requests {
                let isImages = request.path == "/images/generations"
                #expect(request.headers["authorization"] == (isImages ? "Bearer \(Self.secret)" : nil))
                #expect(!request.body.contains(Self.secret) && !request.query.contains(Self.secret))
            }
        }
    }
}
