import Bus
import Contracts
import HTTP
import NIOHTTP1
package import ServiceKit

/// The only public door: who is it, may they, which wire format; state that matters it has none.
package enum GatewayService {
    /// Puts the gateway together.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        let configuration = try GatewayConfiguration(settings: settings)
        let client = HTTPClient()
        let conversations = try HTTPBus(
            peer: "conversation-svc",
            urls: configuration.conversationURLs,
            token: configuration.busToken,
            client: client
        )
        let inference = try HTTPBus(
            peer: "inference-svc",
            urls: configuration.inferenceURLs,
            token: configuration.busToken,
            client: client
        )
        let verifier = await TokenVerifier(
            secret: configuration.jwtSecret,
            issuer: configuration.jwtIssuer,
            audience: configuration.jwtAudience
        )
        let keyCache = KeyCache()
        let reporter = UsageReporter(conversations: conversations)
        let peers = PeerHealth(peers: peers(configuration), client: client)
        let draining = DrainState()
        let routes = GatewayRoutes(
            conversations: conversations,
            inference: inference,
            peers: peers,
            cors: CORSRules(origins: configuration.corsOrigins),
            mode: configuration.mode,
            verifier: verifier,
            keys: KeyVerifier(conversations: conversations, cache: keyCache),
            limiter: RateLimiter(perMinute: configuration.requestsPerMinute, perHour: configuration.requestsPerHour),
            meter: CallMeter(
                calls: ConcurrentCalls(limit: configuration.concurrentCalls),
                keys: keyCache,
                reporter: reporter,
                conversations: conversations
            )
        )
        let ready = ReadinessCheck("services") {
            let missing = await peers.states().filter { $0.isNeeded && $0.fault != nil }
            guard missing.isEmpty else {
                throw Fault(.unavailable, "Not up: \(missing.map(\.name.description).joined(separator: ", ")).")
            }
        }
        return ServiceUnit.application(
            table: EndpointTable(service: "gateway"),
            configuration: ServerChannel.Configuration(limits: headLimits, guards: { [RequestGuard()] }),
            host: configuration.host,
            port: configuration.port,
            background: [
                conversations, inference, KeyNews(conversations: conversations, cache: keyCache),
                KeyReview(conversations: conversations, cache: keyCache), reporter,
            ],
            draining: draining,
            respond: routes.responder(readiness: [ready], draining: draining)
        )
    }

    /// Returns the authentication mode and the address that a gateway with these settings uses.
    ///
    /// Throws `InvalidSetting` if the gateway would not start with them.
    package static func authentication(settings: Settings) throws -> (mode: String, host: String) {
        let host = settings.string("GATEWAY_HOST") ?? "127.0.0.1"
        return (try GatewayConfiguration.mode(settings, host: host).rawValue, host)
    }

    /// What is parsed at all; ``HeadRules`` refuses less with a clear word.
    private static var headLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 32_768
        limits.maxHeaderListSize = 65_536
        limits.maxHeaderFieldCount = 500
        return limits
    }

    private static func peers(_ configuration: GatewayConfiguration) -> [PeerHealth.Peer] {
        [
            PeerHealth.Peer(name: "database", urls: configuration.conversationURLs, isNeeded: true),
            PeerHealth.Peer(name: "inference", urls: configuration.inferenceURLs, isNeeded: true),
            PeerHealth.Peer(name: "media", urls: configuration.mediaURLs, isNeeded: false),
            PeerHealth.Peer(name: "transcription", urls: configuration.transcriptionURLs, isNeeded: false),
        ]
    }
}
