import Foundation
import HTTP
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing

/// How connections are opened: names, proxies and TLS.
@Suite(.timeLimit(.minutes(5)))
struct ConnectorTests {
    private static let secureHost = SelfSignedCertificate.host

    /// A client that finds every name on this machine, and trusts the test's certificate.
    private func client(
        connectTimeout: Duration = .seconds(120),
        proxy: HTTPProxy? = nil,
        lookup: @escaping HostLookups.Lookup = { _, _ in ["127.0.0.1"] },
        trusting file: String? = nil
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            connectTimeout: connectTimeout,
            tls: .modernClient(trusting: file)
        )
        configuration.proxy = { _ in proxy }
        configuration.lookup = lookup
        return HTTPClient(configuration: configuration)
    }

    private func withCertificate<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        try await withTemporaryDirectory { directory in
            let path = directory + "/ca.pem"
            try SelfSignedCertificate.certificate.write(toFile: path, atomically: true, encoding: .utf8)
            return try await body(path)
        }
    }

    private func text(_ client: HTTPClient, _ url: String) async throws -> String {
        let request = try HTTPClient.Request(url: url, headTimeout: .seconds(120), readTimeout: .seconds(120))
        let response = try await client.send(request)
        return "\(response.status) " + String(buffer: try await response.body.collect(upTo: 10_000))
    }

    private func failure(_ client: HTTPClient, _ url: String) async throws -> HTTPClientError? {
        do {
            _ = try await text(client, url)
            return nil
        } catch let error as HTTPClientError {
            return error
        }
    }

    /// Expects a response.
    private func expect(_ wanted: String, of client: HTTPClient, _ url: String) async throws {
        let found = try await text(client, url)
        #expect(found == wanted)
    }

    /// Expects a failure of a kind.
    private func expect(_ wanted: HTTPClientError.Kind, of client: HTTPClient, _ url: String) async throws {
        let found = try await failure(client, url)?.kind
        #expect(found == wanted, "\(url)")
    }

    private static func withSecureServer(
        _ change: (inout TLSConfiguration) -> Void = { _ in },
        _ body: (Int) async throws -> Void
    ) async throws {
        var configuration = try SelfSignedCertificate.configuration()
        change(&configuration)
        let context = try NIOSSLContext(configuration: configuration)
        let connections = ServerChannel { _ in .text("secure") }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
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

    @Test func `a certificate in a file is trusted, and only for its name`() async throws {
        try await withCertificate { file in
            try await Self.withSecureServer { port in
                let client = client(trusting: file)
                try await expect("200 secure", of: client, "https://\(Self.secureHost):\(port)/")
                try await expect(.tls, of: client, "https://other.invalid:\(port)/")
                try await expect(.tls, of: self.client(), "https://\(Self.secureHost):\(port)/")
            }
        }
    }

    @Test func `a server with TLS 1,1 only is refused`() async throws {
        try await withCertificate { file in
            try await Self.withSecureServer { configuration in
                configuration.minimumTLSVersion = .tlsv1
                configuration.maximumTLSVersion = .tlsv11
            } _: { port in
                let url = "https://\(Self.secureHost):\(port)/"
                try await expect(.tls, of: client(trusting: file), url)
            }
        }
    }

    @Test func `a server that never answers the handshake fails the connection, not the response`() async throws {
        try await RawServer.with(saying: FakeResponse(head: "", body: []).ending(.stall)) { server in
            let client = client(connectTimeout: .milliseconds(200))
            try await expect(.connectTimeout, of: client, "https://\(server.authority)/")
        }
    }

    @Test func `https goes through the tunnel of a proxy, which gets the credentials and not the request`() async throws
    {
        try await withCertificate { file in
            try await Self.withSecureServer { port in
                try await FakeProxy.with(to: port) { proxy in
                    let settings = try HTTPProxy.parse("http://ann:s%40cret@\(proxy.authority)")
                    // The proxy resolves the name.
                    let client = client(proxy: settings, lookup: { _, _ in [] }, trusting: file)
                    for _ in 0..<2 { try await expect("200 secure", of: client, "https://\(Self.secureHost)/x") }
                    let head = try #require(proxy.requests.first)
                    #expect(
                        head.hasPrefix("CONNECT \(Self.secureHost):443 HTTP/1.1\r\nHost: \(Self.secureHost):443\r\n")
                    )
                    #expect(head.contains("Proxy-Authorization: Basic YW5uOnNAY3JldA==\r\n"))
                }
            }
        }
    }

    @Test func `http is forwarded by a proxy`() async throws {
        try await FakeProxy.with(to: 1) { proxy in
            let client = client(proxy: try HTTPProxy.parse("ann:b@\(proxy.authority)"), lookup: { _, _ in [] })
            try await expect("200 forwarded", of: client, "http://models.invalid/v1/models?a=b")
            let head = try #require(proxy.requests.first)
            #expect(head.hasPrefix("GET http://models.invalid/v1/models?a=b HTTP/1.1\r\n"))
            #expect(head.lowercased().contains("proxy-authorization: basic yw5uomi=\r\n"))
            #expect(head.lowercased().contains("host: models.invalid\r\n"))
        }
    }

    @Test(arguments: [407, 502]) func `a refusal of a proxy is an error that names it, without credentials`(
        _ status: Int
    ) async throws {
        try await FakeProxy.with(to: 1, status: status) { proxy in
            let client = client(proxy: try HTTPProxy.parse("http://ann:hidden@\(proxy.authority)"))
            let error = try await failure(client, "https://models.invalid/")
            #expect(error?.kind == .connect)
            #expect(error?.message.contains("\(status)") == true)
            #expect(error?.message.contains("hidden") == false)
        }
    }

    @Test(arguments: ["https://proxy:1", "http://", "http://a:b@", "socks5://x:1", "http://p:99999", "http://p:1/path"])
    func `an invalid proxy is an error without its credentials`(_ url: String) {
        #expect { try HTTPProxy.parse(url) } throws: { error in
            (error as? HTTPClientError)?.kind == .badURL
                && (error as? HTTPClientError)?.message.contains("a:b") == false
        }
    }

    @Test func `a name that is never resolved delays no connection to another host`() async throws {
        try await RawServer.with(
            saying: FakeResponse(
                head: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n",
                body: "alive".utf8
            )
        ) { server in
            let release = DispatchSemaphore(value: 0)
            defer { release.signal() }
            let client = client(lookup: { host, _ in
                if host == "dead.invalid" { release.wait() }
                return ["127.0.0.1"]
            })
            let port = server.authority.split(separator: ":").last ?? ""
            let dead = (0..<16).map { _ in
                Task { try await text(client, "http://dead.invalid:9/") }
            }
            defer { for task in dead { task.cancel() } }
            for _ in 0..<8 {
                try await expect("200 alive", of: client, "http://alive.invalid:\(port)/")
            }
        }
    }

    @Test func `a name that is not resolved in time fails the connection`() async throws {
        let release = DispatchSemaphore(value: 0)
        defer { release.signal() }
        let client = client(
            connectTimeout: .milliseconds(100),
            lookup: { _, _ in
                release.wait()
                return []
            }
        )
        try await expect(.connectTimeout, of: client, "http://dead.invalid/")
    }
}
