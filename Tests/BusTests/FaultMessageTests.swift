import Bus
import Contracts
import HTTP
import NIOCore
import TestSupport
import Testing

/// However a call fails, its fault names the peer and never its address: clients see these messages.
@Suite(.timeLimit(.minutes(5)))
struct FaultMessageTests {
    @Test func `a refused connection`() async throws {
        try await check(try await unreachableURL(), .unreachable)
    }

    @Test func `a dropped connection attempt`() async throws {
        try await RawServer.withFullBacklog { try await check("http://\($0)", .unreachable) }
    }

    @Test(arguments: [
        ("", Fault.Code.cut), ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", .cut), ("SSH-2.0-x\r\n", .cut),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", .internal),
        ("HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\n{}", .internal),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\nxx\r\n", .cut),
    ])
    func `a response that breaks off or is invalid`(bytes: String, code: Fault.Code) async throws {
        try await withPlainServer(bytes) { try await check("http://127.0.0.1:\($0)", code) }
    }

    @Test(arguments: [
        "", "{\"element\":1}\n", "{\"element\":1}\n{\"element\":", "{\"surprise\":1}\n", "{\"fault\":1}\n",
        "{\"element\":\"" + String(repeating: "x", count: 9_000_000),
    ])
    func `a stream that breaks off or is invalid`(body: String) async throws {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n"
        for response in [
            head + "connection: close\r\n\r\n" + body, head + "content-length: 99999999\r\n\r\n" + body,
        ] {
            try await withPlainServer(response) { port in
                let fault = await #expect(throws: Fault.self) {
                    let stream = try await Samples.bus(port: port).stream(Samples.CountUp(to: 1), CallContext())
                    while try await stream.nextBatch() != nil {}
                }
                expectNoAddress(fault, port)
            }
        }
    }

    @Test func `a response that does not come in time`() async throws {
        let silent = FakeResponse(head: "", body: []).ending(.stall)
        try await RawServer.with(saying: silent) { server in
            try await check("http://\(server.authority)", .timeout)
        }
    }

    private func check(_ url: String, _ code: Fault.Code) async throws {
        let bus = try HTTPBus(peer: "sample-svc", urls: [url], token: Samples.token, client: HTTPClient())
        let fault = await #expect(throws: Fault.self) {
            _ = try await bus.call(Samples.Echo(text: ""), CallContext(deadline: .now + .seconds(10)))
        }
        #expect(fault?.code == code, "\(fault?.message ?? "")")
        #expect(fault?.message.contains("sample-svc") == true)
        expectNoAddress(fault, Int(url.split(separator: ":").last ?? "") ?? 0)
    }

    private func expectNoAddress(_ fault: Fault?, _ port: Int) {
        let message = fault?.message ?? ""
        #expect(!message.contains("127.0.0.1") && !message.contains("\(port)"), "\(message)")
    }
}
