import Contracts
import Foundation
import ServiceKit

/// The gateway's settings, read once at start-up.
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
/// | `ALLOWED_HOSTS` | host names with commas | none |
/// | `TRUSTED_PROXIES` | addresses or networks with commas | none |
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
    var isInsecureAllowed: Bool
    /// Host names that are answered without `AUTH_MODE=required`, beside loopback ones.
    var allowedHosts: [String]
    /// The proxies whose `X-Forwarded-For` and `Forwarded` count.
    var trustedProxies: [IPNetwork]
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
        isInsecureAllowed = try settings.boolean("ALLOW_INSECURE", default: false)
        mode = try Self.mode(settings, host: host, isInsecureAllowed: isInsecureAllowed)
        allowedHosts = try Self.hosts(settings)
        trustedProxies = try Self.proxies(settings)
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

    /// The hosts in the modes `open` and `off`: those of `ALLOWED_HOSTS`, and the address of the gateway
    /// itself unless that stands for all addresses.
    var answeredHosts: [String] {
        ["0.0.0.0", "::", "[::]"].contains(host) ? allowedHosts : allowedHosts + [host]
    }

    private static func urls(_ peer: String, _ port: Int, _ settings: Settings) throws -> [String] {
        let port = try settings.integer("\(peer)_PORT", default: port, in: 0...65_535)
        return try settings.urls("\(peer)_URL", default: "http://127.0.0.1:\(port)")
    }

    /// The origins exactly as browsers send them, or a star alone.
    private static func origins(_ settings: Settings) throws -> [String] {
        let origins = list("CORS_ORIGINS", settings)
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

    private static func hosts(_ settings: Settings) throws -> [String] {
        let hosts = list("ALLOWED_HOSTS", settings)
        for host in hosts where !AllowedHosts.isHost(host) {
            throw InvalidSetting(
                """
                ALLOWED_HOSTS contains “\(host.prefix(100))”, which is not a host name or an address. Write names such \
                as parley.example, without a scheme, a port or a path, with commas between them.
                """
            )
        }
        return hosts
    }

    private static func proxies(_ settings: Settings) throws -> [IPNetwork] {
        try list("TRUSTED_PROXIES", settings).map { text in
            guard let network = IPNetwork(text) else {
                throw InvalidSetting(
                    """
                    TRUSTED_PROXIES contains “\(text.prefix(100))”, which is not an IP address or a network. Write \
                    addresses such as 192.0.2.1 or networks such as 10.0.0.0/8 or fd00::/8, without a port and with no \
                    bits set after the prefix, with commas between them.
                    """
                )
            }
            return network
        }
    }

    /// The entries of a comma-separated setting; empty without a value.
    private static func list(_ name: String, _ settings: Settings) -> [String] {
        guard let text = settings.string(name) else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    static func mode(
        _ settings: Settings,
        host: String,
        isInsecureAllowed: Bool
    ) throws -> AuthenticationMode {
        let isLoopback = LoopbackHost.isLoopback(host)
        let mode = try settings.choice("AUTH_MODE", default: isLoopback ? AuthenticationMode.open : .required)
        guard isLoopback || mode == .required || isInsecureAllowed else {
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
