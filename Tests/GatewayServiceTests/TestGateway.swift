import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import ServiceKit
import TestSupport

@testable import GatewayService

/// A gateway on a real socket with scripted upstream services.
struct TestGateway {
    static let busToken = "a-secret-of-the-bus-for-the-tests-only"
    static let secret = "a-secret-for-signing-tokens-in-the-tests-only"

    let port: Int
    let services: ScriptedServices
    /// Patient: many tests share the machine.
    let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(60)))

    /// Runs a gateway with these settings and scripted upstream services.
    static func with<Value>(
        _ settings: [String: String] = [:],
        services: ScriptedServices = ScriptedServices(),
        surfaces: @Sendable (GatewayServices) -> [Surface] = GatewaySurfaces.all,
        limits: RequestGuard.Limits = RequestGuard.Limits(),
        _ body: (TestGateway) async throws -> Value
    ) async throws -> Value {
        let upstream = ServiceUnit.bus(table: services.table, host: "127.0.0.1", port: 0, token: busToken)
        return try await withRunning(upstream) { servicesPort in
            let unit = try await GatewayService.unit(
                settings: Settings(values: values(settings, servicesPort: servicesPort)),
                surfaces: surfaces,
                limits: limits
            )
            return try await withRunning(unit) { port in try await body(TestGateway(port: port, services: services)) }
        }
    }

    /// Returns the settings of a gateway whose upstream services use this port; rate limits are off by default.
    static func values(_ settings: [String: String] = [:], servicesPort: Int) -> [String: String] {
        let services = "http://127.0.0.1:\(servicesPort)"
        let values = [
            "GATEWAY_PORT": "0", "BUS_TOKEN": busToken, "JWT_SECRET_KEY": secret, "CONVERSATION_URL": services,
            "INFERENCE_URL": services, "MEDIA_URL": services, "TRANSCRIPTION_URL": services,
            "RATE_LIMIT_PER_MINUTE": "0",
            "RATE_LIMIT_PER_HOUR": "0", "ALLOWED_HOSTS": "x,y,h",
        ]
        return values.merging(settings) { $1 }
    }

    /// Returns a valid token for a user.
    static func token(_ user: String = "alice", role: String? = nil) -> String {
        var claims = "\"user_id\":\"\(user)\",\"iss\":\"parley\",\"exp\":\(Int(Date().timeIntervalSince1970) + 3600)"
        if let role { claims += ",\"role\":\"\(role)\"" }
        return TestToken.make(payload: "{\(claims)}")
    }

    /// Sends a request, by default as `alice`, and collects the response.
    func ask(
        _ method: HTTPMethod = .GET,
        _ path: String,
        token: String? = TestGateway.token(),
        headers: HTTPHeaders = [:],
        body: String? = nil
    ) async throws -> Answer {
        let response = try await open(method, path, token: token, headers: headers, body: body)
        let bytes = try await response.body.collect(upTo: 10_000_000)
        return Answer(status: response.status, headers: response.headers, body: String(buffer: bytes))
    }

    /// Like ``ask(_:_:token:headers:body:)``, but returns the response without collecting the body.
    func open(
        _ method: HTTPMethod = .GET,
        _ path: String,
        token: String? = TestGateway.token(),
        headers: HTTPHeaders = [:],
        body: String? = nil
    ) async throws -> HTTPClient.Response {
        var headers = headers
        if let token { headers.add(name: "authorization", value: "Bearer \(token)") }
        if body != nil, !headers.contains(name: "content-type") {
            headers.add(name: "content-type", value: "application/json")
        }
        return try await client.send(
            HTTPClient.Request(
                method: method,
                url: "http://127.0.0.1:\(port)\(path)",
                headers: headers,
                body: body.map { ByteBuffer(string: $0) },
                headTimeout: .seconds(60),
                readTimeout: .seconds(60)
            )
        )
    }

    /// Sends raw bytes on a new connection and returns everything received.
    func raw(_ bytes: [UInt8]) async throws -> RawResponse {
        let connection = try await RawConnection.open(port: port)
        defer { connection.close() }
        connection.send(bytes)
        return try await connection.answer()
    }
}

/// A complete response.
struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var body: String

    /// The body as a JSON object.
    var json: [String: Any] {
        get throws { try WireJSON.object(body) }
    }

    /// Whether the body is exactly a v1 error envelope.
    var isEnvelope: Bool { WireJSON.isEnvelope(body) }
}

extension RawResponse {
    /// Whether the body is exactly a v1 error envelope.
    var isEnvelope: Bool { WireJSON.isEnvelope(body) }
}

/// Parses JSON for assertions.
enum WireJSON {
    static func object(_ text: String) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        guard let object = value as? [String: Any] else { throw Unreadable(description: "No object: \(text)") }
        return object
    }

    static func isEnvelope(_ text: String) -> Bool {
        guard let object = try? object(text), let error = object["error"] as? String,
            let message = object["message"] as? String
        else { return false }
        return Set(object.keys) == ["error", "message", "details"] && object["details"] is [String: Any]
            && !error.isEmpty && !message.isEmpty
    }
}

/// A response has an unexpected format.
struct Unreadable: Error, CustomStringConvertible {
    let description: String
}
