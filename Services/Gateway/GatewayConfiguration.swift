import Contracts
import Foundation
import NIOCore
import ServiceKit

/// What the gateway reads from its settings, once, at the start.
///
/// | setting | type | default |
/// |---|---|---|
/// | `GATEWAY_HOST` | address to bind | `127.0.0.1` |
/// | `GATEWAY_PORT` | 0…65535, 0 for any | `8000` |
/// | `CONVERSATION_URL`, `INFERENCE_URL`, `MEDIA_URL`, `TRANSCRIPTION_URL` | URLs | the ports on this machine |
/// | `AUTH_MODE` | `required`, `open`, `off` | `open` on loopback, else `required` |
/// | `ALLOW_INSECURE` | true, false | `false` |
/// | `JWT_SECRET_KEY` | secret, ≥ 32 bytes | the file `jwt-secret` in `DATA_DIR` |
/// | `JWT_ISSUER`, `JWT_AUDIENCE` | text | `parley`, none |
/// | `CORS_ORIGINS` | origins with commas, or `*` | none |
/// | `RATE_LIMIT_PER_MINUTE`, `RATE_LIMIT_PER_HOUR` | requests, 0 for no limit | `300`, `5000` |
/// | `MAX_CONCURRENT_RUNS` | calls of models per principal, 0 for no limit | `8` |
/// | `BUS_TOKEN` | secret | the file `bus-token` in `DATA_DIR` |
struct GatewayConfiguration: Sendable {
    var host: String
    var port: Int
    var conversationURLs: [String]
    var inferenceURLs: [String]
    var mediaURLs: [String]
    var transcriptionURLs: [String]
    var mode: AuthenticationMode
    var jwtSecret: String
    var jwtIssuer: String
    var jwtAudience: String?
    var corsOrigins: [String]
    var requestsPerMinute: Int
    var requestsPerHour: Int
    var concurrentCalls: Int
    var busToken: String

    /// Throws `InvalidSetting` with a sentence that says which setting is wrong and what is allowed.
    init(settings: Settings) throws {
        host = settings.string("GATEWAY_HOST") ?? "127.0.0.1"
        port = try settings.integer("GATEWAY_PORT", default: 8000, in: 0...65_535)
        conversationURLs = try Self.urls("CONVERSATION", 8001, settings)
        inferenceURLs = try Self.urls("INFERENCE", 8002, settings)
        mediaURLs = try Self.urls("MEDIA", 8003, settings)
        transcriptionURLs = try Self.urls("TRANSCRIPTION", 8004, settings)
        mode = try Self.mode(settings, host: host)
        jwtSecret = try settings.jwtSecret()
        jwtIssuer = settings.string("JWT_ISSUER") ?? "parley"
        jwtAudience = settings.string("JWT_AUDIENCE")
        corsOrigins = try Self.origins(settings)
        requestsPerMinute = try settings.integer("RATE_LIMIT_PER_MINUTE", default: 300, in: 0...1_000_000)
        requestsPerHour = try settings.integer("RATE_LIMIT_PER_HOUR", default: 5000, in: 0...10_000_000)
        concurrentCalls = try settings.integer("MAX_CONCURRENT_RUNS", default: 8, in: 0...1_000_000)
        busToken = try settings.busToken()
        guard settings.string("JWT_JWKS_URL") == nil else {
            throw InvalidSetting("JWT_JWKS_URL is set, but tokens with public keys are not supported yet. Unset it.")
        }
    }

    private static func urls(_ peer: String, _ port: Int, _ settings: Settings) throws -> [String] {
        let port = try settings.integer("\(peer)_PORT", default: port, in: 0...65_535)
        return try settings.urls("\(peer)_URL", default: "http://127.0.0.1:\(port)")
    }

    /// The origins exactly as browsers send them, or a star alone.
    private static func origins(_ settings: Settings) throws -> [String] {
        let origins = (settings.string("CORS_ORIGINS") ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard origins != ["*"] else { return origins }
        for origin in origins {
            let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
            let isPlain = origin.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "*") }
            guard parts.count == 3, parts[0].hasSuffix(":"), parts[1].isEmpty, !parts[2].isEmpty, isPlain else {
                throw InvalidSetting(
                    """
                    CORS_ORIGINS holds “\(origin.prefix(100))”, which is not an origin such as https://app.example, \
                    without a path. Name origins with commas between them, or * alone.
                    """
                )
            }
        }
        return origins
    }

    static func mode(_ settings: Settings, host: String) throws -> AuthenticationMode {
        let isLoopback = SocketAddress.isLoopback(host: host)
        let mode = try settings.choice("AUTH_MODE", default: isLoopback ? AuthenticationMode.open : .required)
        let isAllowed = try settings.boolean("ALLOW_INSECURE", default: false)
        guard isLoopback || mode == .required || isAllowed else {
            throw InvalidSetting(
                """
                AUTH_MODE is \(mode.rawValue) while GATEWAY_HOST is \(host), which others can reach. Set AUTH_MODE to \
                required, or say ALLOW_INSECURE=true.
                """
            )
        }
        return mode
    }
}
