import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import ServiceKit
import TestSupport

@testable import GatewayService

/// A gateway on a real socket, with scripted services behind it.
struct Gate {
    static let busToken = "a-secret-of-the-bus-for-the-tests-only"
    static let secret = "a-secret-for-signing-tokens-in-the-tests-only"

    let port: Int
    let behind: ScriptedHouse
    let client = HTTPClient()

    /// Runs a gateway with these settings before a scripted house.
    static func with<Value>(
        _ settings: [String: String] = [:],
        behind: ScriptedHouse = ScriptedHouse(),
        surfaces: @Sendable (GatewayServices) -> [Surface] = GatewaySurfaces.all,
        limits: RequestGuard.Limits = RequestGuard.Limits(),
        _ body: (Gate) async throws -> Value
    ) async throws -> Value {
        let house = ServiceUnit.bus(table: behind.table, host: "127.0.0.1", port: 0, token: busToken)
        return try await withRunning(house) { housePort in
            let unit = try await GatewayService.unit(
                settings: Settings(values: values(settings, housePort: housePort)),
                surfaces: surfaces,
                limits: limits
            )
            return try await withRunning(unit) { port in try await body(Gate(port: port, behind: behind)) }
        }
    }

    /// The settings of a gateway before a house on this port; limits are off unless they are set.
    static func values(_ settings: [String: String] = [:], housePort: Int) -> [String: String] {
        let house = "http://127.0.0.1:\(housePort)"
        let values = [
            "GATEWAY_PORT": "0", "BUS_TOKEN": busToken, "JWT_SECRET_KEY": secret, "CONVERSATION_URL": house,
            "INFERENCE_URL": house, "MEDIA_URL": house, "TRANSCRIPTION_URL": house, "RATE_LIMIT_PER_MINUTE": "0",
            "RATE_LIMIT_PER_HOUR": "0",
        ]
        return values.merging(settings) { $1 }
    }

    /// A good token of a user.
    static func token(_ user: String = "alice", role: String? = nil) -> String {
        var claims = "\"user_id\":\"\(user)\",\"iss\":\"parley\",\"exp\":\(Int(Date().timeIntervalSince1970) + 3600)"
        if let role { claims += ",\"role\":\"\(role)\"" }
        return TestToken.make(payload: "{\(claims)}")
    }

    /// Asks as alice, unless another token or none is named.
    func ask(
        _ method: HTTPMethod = .GET,
        _ path: String,
        token: String? = Gate.token(),
        headers: HTTPHeaders = [:],
        body: String? = nil
    ) async throws -> Answer {
        let response = try await open(method, path, token: token, headers: headers, body: body)
        let bytes = try await response.body.collect(upTo: 10_000_000)
        return Answer(status: response.status, headers: response.headers, body: String(buffer: bytes))
    }

    /// Like ``ask(_:_:token:headers:body:)``, but leaves the body to be read.
    func open(
        _ method: HTTPMethod = .GET,
        _ path: String,
        token: String? = Gate.token(),
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
                headTimeout: .seconds(20),
                readTimeout: .seconds(20)
            )
        )
    }

    /// The answers to what is sent to the socket, byte for byte.
    func raw(_ bytes: [UInt8]) async throws -> RawAnswer {
        let connection = try await RawConnection.open(port: port)
        defer { connection.close() }
        connection.send(bytes)
        return try await connection.answer()
    }
}

/// A whole answer.
struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var body: String

    /// The body as an object.
    var json: [String: Any] {
        get throws { try WireJSON.object(body) }
    }

    /// Whether the body is v1's envelope for errors and nothing else.
    var isEnvelope: Bool { WireJSON.isEnvelope(body) }
}

extension RawAnswer {
    /// Whether the body is v1's envelope for errors and nothing else.
    var isEnvelope: Bool { WireJSON.isEnvelope(body) }
}

/// Looks into JSON.
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

/// Something that came is not what it should be.
struct Unreadable: Error, CustomStringConvertible {
    let description: String
}
