import Foundation
import HTTP
import Metrics
import NIOCore
import NIOHTTP1
import ServiceKit
import TestSupport
import Testing

@testable import GatewayService

/// A surface is a value: its file and one line in the list of surfaces.
@Suite(.timeLimit(.minutes(5)))
struct SampleSurfaceTests {
    private static func surfaces(_ services: GatewayServices) -> [Surface] {
        GatewaySurfaces.all(services) + [.sample(services)]
    }

    private static func withGateway(
        _ settings: [String: String] = [:],
        _ body: (TestGateway) async throws -> Void
    ) async throws {
        _ = bootstrapMetrics
        var limits = RequestGuard.Limits()
        limits.head = .seconds(4)
        try await TestGateway.with(settings, surfaces: Self.surfaces, limits: limits, body)
    }

    /// Once in the process of the tests.
    private static let bootstrapMetrics: Void = MetricsSystem.bootstrap(PrometheusMetrics.shared)

    /// The `detail` of an error; fails for a body with anything else.
    private func detail(_ body: String) throws -> String {
        let json = try WireJSON.object(body)
        #expect(Set(json.keys) == ["detail"], "\(body)")
        return try #require(json["detail"] as? String, "\(body)")
    }

    @Test func `each error has the surface's own format`() async throws {
        try await Self.withGateway { gateway in
            let errors: [(HTTPMethod, String, String?, Int)] = [
                (.GET, "/sample/nothing", nil, 404), (.GET, "/sample", nil, 404), (.GET, "/sample//items/1", nil, 404),
                (.GET, "/sample/items/a%2Fb", nil, 404), (.DELETE, "/sample/items/1", nil, 405),
                (.POST, "/sample/echo", String(repeating: "x", count: 1001), 413), (.GET, "/sample/me", nil, 401),
            ]
            for (method, path, body, status) in errors {
                let answer = try await gateway.ask(method, path, token: nil, body: body)
                #expect(answer.status == status, "\(path)")
                #expect(try !detail(answer.body).isEmpty)
                #expect(answer.headers.first(name: "x-request-id")?.isEmpty == false, "\(path)")
                #expect(answer.headers.first(name: "server-timing")?.contains("total;dur=") == true, "\(path)")
                if status == 405 { #expect(answer.headers.first(name: "allow") == "GET, HEAD") }
            }
            #expect(try await gateway.ask(.GET, "/sample/me").body == "alice")
            #expect(try await gateway.ask(.GET, "/sample/admin").status == 403)
            let root = TestGateway.token("root", role: "admin")
            #expect(try await gateway.ask(.GET, "/sample/admin", token: root).status == 200)
        }
    }

    @Test(
        arguments: [
            ("GET /sample/x HTTP/1.1\r\nno colon\r\n\r\n", 400), ("GET /sample/x HTTP/1.1\r\n\r\n", 400),
            ("GET /sample/x HTTP/1.1\r\nHost: a/b\r\n\r\n", 400), ("GET /sample/../x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("BREW /sample/x HTTP/1.1\r\nHost: x\r\n\r\n", 501), ("GET /sample/x HTTP/3.0\r\nHost: x\r\n\r\n", 505),
            ("GET /sample/x HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 100_000))\r\n\r\n", 431),
            ("POST /sample/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413),
            ("POST /sample/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
            ("GET /sample/x HTTP/1.1\r\nHost: x\r\n", 408),
            ("POST /sample/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx", 408),
            ("GET /sample/\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        ] as [(String, Int)]
    )
    func `the earliest refusal has the surface's format, a request id, and is counted`(
        _ request: String,
        _ status: Int
    ) async throws {
        try await Self.withGateway(["CORS_ORIGINS": "*"]) { gateway in
            let answer = try await gateway.raw(Array(request.utf8))
            #expect(answer.status == status, "\(answer.head)")
            #expect(try !detail(answer.body).isEmpty)
            let head = answer.head.lowercased()
            #expect(head.contains("\r\nx-request-id: "), "\(head)")
            #expect(head.contains("\r\nserver-timing: "), "\(head)")
            let metrics = try await gateway.ask(.GET, "/metrics", token: nil).body
            let isCounted = metrics.split(separator: "\n").contains { line in
                line.hasPrefix("gateway_requests") && line.contains("surface=\"sample\"")
                    && line.contains("status=\"\(status)\"")
            }
            #expect(isCounted, "\(metrics.split(separator: "\n").filter { $0.hasPrefix("gateway_requests") })")
        }
    }

    @Test func `a refusal can be read by the page that asked`() async throws {
        try await Self.withGateway(["CORS_ORIGINS": "https://app.example"]) { gateway in
            let head = "POST /sample/echo HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\nX-Request-ID: r-1\r\n"
            let answer = try await gateway.raw(Array((head + "Content-Length: 1001\r\n\r\n").utf8))
            #expect(answer.status == 413)
            #expect(answer.head.lowercased().contains("access-control-allow-origin: https://app.example"))
            #expect(answer.head.lowercased().contains("x-request-id: r-1"))
        }
    }

    @Test func `OPTIONS, HEAD, parameters and conditions`() async throws {
        try await Self.withGateway(["CORS_ORIGINS": "*"]) { gateway in
            let options = try await gateway.ask(.OPTIONS, "/sample/items/1", token: nil)
            #expect(options.status == 204)
            #expect(options.headers.first(name: "allow") == "GET, HEAD, OPTIONS")
            let preflight = try await gateway.ask(
                .OPTIONS,
                "/sample/items/1",
                token: nil,
                headers: ["origin": "https://app.example", "access-control-request-method": "GET"]
            )
            #expect(preflight.status == 200)
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("HEAD /sample/items/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.received.hasPrefix("HTTP/1.1 200"))
            #expect(connection.received.lowercased().contains("content-length: 6"))
            #expect(connection.received.hasSuffix("\r\n\r\n"))
            #expect(try await gateway.ask(.GET, "/sample/items/a%20%C3%A9?x=y", token: nil).body == "item a é")
            #expect(try await gateway.ask(.GET, "/?guest=Ann+B%21", token: nil).body == "Welcome, Ann B!!")
            #expect(try await gateway.ask(.GET, "/", token: nil).body == "\"Apigateway is running\"")
        }
    }

    @Test func `each slash policy`() async throws {
        try await Self.withGateway { gateway in
            #expect(try await gateway.ask(.POST, "/sample/echo", token: nil, body: "a").body == "a")
            #expect(try await gateway.ask(.POST, "/sample/echo/", token: nil, body: "a").body == "a")
            for (method, path, location) in [
                (HTTPMethod.POST, "/sample/prompt?a=b", "/sample/prompt/?a=b"),
                (.GET, "/sample/items/1/", "/sample/items/1"), (.HEAD, "/sample/items/1/", "/sample/items/1"),
            ] {
                let answer = try await gateway.ask(method, path, token: nil, body: method == .POST ? "a" : nil)
                #expect(answer.status == 307, "\(path)")
                #expect(answer.headers.first(name: "location") == location)
            }
            #expect(try await gateway.ask(.POST, "/sample/prompt/", token: nil, body: "a").body == "a")
        }
    }

    @Test func `a route is called by its template in metrics`() async throws {
        try await Self.withGateway { gateway in
            _ = try await gateway.ask(.GET, "/sample/items/42", token: nil)
            let metrics = try await gateway.ask(.GET, "/metrics", token: nil).body
            #expect(metrics.contains("route=\"/sample/items/{id}\""))
            #expect(!metrics.contains("/sample/items/42"))
        }
    }

    /// A service that reads slowly is not the client's fault; a client that pauses longer than allowed is refused.
    @Test func `a body's time counts only while the server reads`() async throws {
        try await Self.withGateway { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("POST /sample/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
            for _ in 0..<30 { connection.send(Array(repeating: 0x20, count: 100_000)) }
            try await eventually("A response") { RawResponse(connection.received) != nil }
            let answer = try #require(RawResponse(connection.received))
            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer.body == "3000000")
        }
    }

    @Test func `a slow but steady body is accepted`() async throws {
        try await Self.withGateway { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("POST /sample/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
            for _ in 0..<50 {
                connection.send(Array(repeating: 0x20, count: 4000))
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await connection.answer().status == 200)
        }
    }
}
