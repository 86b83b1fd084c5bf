import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Endpoints that turn their connection into a tunnel.
@Suite(.timeLimit(.minutes(5)))
struct TunnelEndpointTests {
    private struct Listen: TunnelEndpoint {
        static let path = "/samples/listen"
        var language: String
    }

    @Test func `bytes pass both ways over two hops, with the headers of the handshake`() async throws {
        try await Samples.serving(Self.echo()) { farBus, _ in
            var near = EndpointTable(service: "near-svc")
            near.serveTunnel(Listen.self) { request, handshake, context in
                let (headers, far) = try await farBus.tunnel(
                    request,
                    to: handshake.protocolName,
                    headers: handshake.headers,
                    context
                )
                return TunnelResponse(headers: headers) { try await ByteTunnel.splice($0, far) }
            }
            try await Samples.serving(near) { bus, _ in
                let (headers, tunnel) = try await bus.tunnel(
                    Listen(language: "de"),
                    to: "websocket",
                    headers: ["Sec-WebSocket-Key": "abc", "cookie": "x"],
                    CallContext()
                )
                #expect(headers.first(name: "sec-websocket-accept") == "de abc")
                #expect(headers.count == 1)
                try await tunnel.write(ByteBuffer(string: "hello"))
                try await tunnel.finish()
                var text = ""
                for try await bytes in tunnel { text += String(buffer: bytes) }
                #expect(text == "helloend")
            }
        }
    }

    @Test func `a fault before the tunnel is a fault`() async throws {
        let fault = Fault(.limited, "Too many listeners. Wait.", retryAfter: 3)
        var table = EndpointTable(service: "sample-svc")
        table.serveTunnel(Listen.self) { _, _, _ in throw fault }
        try await Samples.serving(table) { bus, port in
            await #expect(throws: fault) {
                _ = try await bus.tunnel(Listen(language: "de"), to: "bytes", headers: [:], CallContext())
            }
            let stranger = try Samples.bus(port: port, token: "something else")
            await #expect(throws: Fault.self) {
                _ = try await stranger.tunnel(Listen(language: "de"), to: "bytes", headers: [:], CallContext())
            }
        }
    }

    @Test func `a request without an upgrade is refused`() async throws {
        try await Samples.serving(Self.echo()) { _, port in
            let connection = try await RawConnection.open(port: port)
            connection.send(
                "POST /samples/listen HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Samples.token)\r\n"
                    + "x-endpoint: {\"language\":\"de\"}\r\nContent-Length: 0\r\n\r\n"
            )
            let answer = try await connection.answer()
            #expect(answer.status == 400 && answer.body.contains("upgrade"))
        }
    }

    @Test func `dropping a tunnel ends its handler`() async throws {
        let (entered, failed) = (Counted(), Counted())
        var table = EndpointTable(service: "sample-svc")
        table.serveTunnel(Listen.self) { _, _, _ in
            TunnelResponse { tunnel in
                entered.add()
                do { while try await tunnel.next() != nil {} } catch { failed.add() }
            }
        }
        try await Samples.serving(table) { bus, _ in
            do {
                let (_, tunnel) = try await bus.tunnel(Listen(language: "de"), to: "bytes", headers: [:], CallContext())
                try await eventually("The handler") { entered.count == 1 }
                try await tunnel.write(ByteBuffer(string: "x"))
            }
            try await eventually("The handler fails") { failed.count == 1 }
        }
    }

    private static func echo() -> EndpointTable {
        var table = EndpointTable(service: "sample-svc")
        table.serveTunnel(Listen.self) { request, handshake, _ in
            let key = handshake.headers.first(name: "sec-websocket-key") ?? ""
            return TunnelResponse(headers: ["sec-websocket-accept": "\(request.language) \(key)"]) { tunnel in
                for try await bytes in tunnel { try await tunnel.write(bytes) }
                try await tunnel.write(ByteBuffer(string: "end"))
            }
        }
        return table
    }
}
