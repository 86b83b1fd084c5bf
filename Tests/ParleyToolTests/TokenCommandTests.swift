import ArgumentParser
import Foundation
import ServiceKit
import Testing

@testable import ParleyTool

@Suite struct TokenCommandTests {
    private struct Claims: Decodable {
        var exp: Int
        var iat: Int
        var iss: String
        var sub: String
        var user_id: String
        var role: String
        var aud: String?
    }

    private static let secret = ["JWT_SECRET_KEY": "a secret of this test, long enough to be one"]

    private func token(_ arguments: [String], _ more: [String: String] = [:]) async throws -> [Substring] {
        let command = try TokenCommand.parse(arguments)
        let settings = Settings(values: Self.secret.merging(more) { $1 })
        return try await command.token(settings, now: Date(timeIntervalSince1970: 1_800_000_000.75))
            .split(separator: ".")
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ segment: Substring) throws -> Value {
        let plain = segment.replacing("-", with: "+").replacing("_", with: "/")
        let padded = plain + String(repeating: "=", count: (4 - plain.count % 4) % 4)
        return try JSONDecoder().decode(type, from: try #require(Data(base64Encoded: String(padded))))
    }

    @Test func `a token contains its user, issuer and expiry`() async throws {
        let segments = try await token(["--user", "alice"])
        #expect(segments.count == 3)
        #expect(try decode([String: String].self, segments[0]) == ["alg": "HS256", "typ": "JWT"])
        let claims = try decode(Claims.self, segments[1])
        #expect(claims.exp == 1_800_086_400)
        #expect(claims.iat == 1_800_000_000)
        #expect(claims.iss == "parley")
        #expect(claims.sub == "alice")
        #expect(claims.user_id == "alice")
        #expect(claims.role == "user")
        #expect(claims.aud == nil)
    }

    @Test func `role, lifetime, issuer and audience follow the options and settings`() async throws {
        let settings = ["JWT_ISSUER": "us", "JWT_AUDIENCE": "them"]
        let segments = try await token(["--user", "bob", "--role", "admin", "--hours", "1"], settings)
        let claims = try decode(Claims.self, segments[1])
        #expect(claims.role == "admin")
        #expect(claims.exp == 1_800_003_600)
        #expect(claims.iss == "us")
        #expect(claims.aud == "them")
    }

    @Test(arguments: [
        [], ["--user", ""], ["--user", String(repeating: "a", count: 256)], ["--user", "a", "--hours", "0"],
        ["--user", "a", "--hours", "999999999999"], ["--user", "a", "--role", "root"], ["--user", "a\nb"],
    ])
    func `invalid options are rejected`(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try TokenCommand.parse(arguments) }
    }

    @Test func `a token needs a secret`() async throws {
        let command = try TokenCommand.parse(["--user", "alice"])
        await #expect(throws: InvalidSetting.self) {
            try await command.token(Settings(values: ["DATA_DIR": "/nowhere"]))
        }
    }
}
