import HTTP
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TestSupport
import Testing

/// The client and the server's connections over TLS.
@Suite(.timeLimit(.minutes(5)))
struct TLSTests {
    @Test func `coalesced writes of all sizes arrive whole and in order`() async throws {
        let respond: ServerChannel.Respond = { _ in
            ServerResponse(
                status: .ok,
                body: .stream { writer in
                    for piece in SampleServer.mixture { try await writer.write(ByteBuffer(string: piece)) }
                    try await writer.finish()
                }
            )
        }
        try await Self.withServer(respond: respond) { port in
            let response = try await Self.client().send(Self.request(port))
            let body = try await response.body.collect(upTo: 10_000_000)
            #expect(String(buffer: body) == SampleServer.mixture.joined())
        }
    }

    @Test func `a streamed body arrives whole, and a server that does not read stops its source`() async throws {
        let gate = Gatekeeper()
        let respond: ServerChannel.Respond = { request in
            do { try await gate.wait() } catch { return .text("cancelled") }
            return await UploadTests.count(request)
        }
        try await Self.withServer(respond: respond) { port in
            let (source, total) = (CountedSource(), 60_000_000)
            var request = Self.request(port, method: .POST)
            request.body = .stream(source.stream(of: total))
            let upload = Task { [request] in try await Self.client().send(request) }
            #expect(try await settled { source.taken.count } < 20_000_000)
            gate.open()
            let body = try await upload.value.body.collect(upTo: 100)
            #expect(String(buffer: body) == "\(total) length")
        }
    }

    @Test func `a tunnel passes bytes both ways, and each direction ends on its own`() async throws {
        let respond: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                try await tunnel.write(ByteBuffer(string: "first"))
                let text = try await TunnelTests.text(tunnel)
                try await tunnel.write(ByteBuffer(string: "got \(text)"))
            }
        }
        try await Self.withServer(respond: respond) { port in
            guard case .accepted(_, let tunnel) = try await Self.client().upgrade(Self.request(port), to: "bytes")
            else {
                Issue.record("The server did not upgrade the connection.")
                return
            }
            #expect(try await tunnel.next().map { String(buffer: $0) } == "first")
            try await tunnel.write(ByteBuffer(string: "something"))
            try await tunnel.finish()
            #expect(try await TunnelTests.text(tunnel) == "got something")
        }
    }

    @Test func `cancelling a tunnel is no proper end for the other side`() async throws {
        let failed = ByteCounter()
        let respond: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                do { while try await tunnel.next() != nil {} } catch { failed.add(1) }
            }
        }
        try await Self.withServer(respond: respond) { port in
            guard case .accepted(_, let tunnel) = try await Self.client().upgrade(Self.request(port), to: "bytes")
            else {
                Issue.record("The server did not upgrade the connection.")
                return
            }
            try await tunnel.write(ByteBuffer(string: "x"))
            tunnel.cancel()
            try await eventually("The other side fails") { failed.count == 1 }
        }
    }

    private static func request(_ port: Int, method: HTTPMethod = .GET) -> HTTPClient.Request {
        HTTPClient.Request(
            method: method,
            target: HTTPTarget(isSecure: true, host: "127.0.0.1", port: port),
            path: "/"
        )
    }

    private static func client() -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        return HTTPClient(configuration: HTTPClient.Configuration(tls: tls))
    }

    private static func withServer(
        respond: @escaping ServerChannel.Respond,
        _ body: (Int) async throws -> Void
    ) async throws {
        let context = try NIOSSLContext(configuration: SelfSignedCertificate.configuration())
        let connections = ServerChannel(respond: respond)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }
                .flatMap { connections.setup(channel: channel, logger: Logger(label: "tls-svc")) }
                .map { _ in }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer { server.close(promise: nil) }
        try await body(server.localAddress?.port ?? 0)
    }
}
