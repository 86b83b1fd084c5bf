import Bus
import Contracts
import HTTP
import NIOHTTP1
package import ServiceKit

/// The public HTTP server: authentication, limits, and all public wire formats.
///
/// It is stateless, so any number of replicas may run.
package enum GatewayService {
    /// Creates the gateway.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        try await unit(settings: settings, surfaces: GatewaySurfaces.all)
    }

    /// Creates a gateway with these surfaces; the first one's error format is used for paths that no surface owns.
    static func unit(
        settings: Settings,
        surfaces: (GatewayServices) -> [Surface],
        limits: RequestGuard.Limits = RequestGuard.Limits()
    ) async throws -> ServiceUnit {
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
        let anonymous = AnonymousAccess(mode: configuration.mode, allowsRemote: configuration.isInsecureAllowed)
        let table = try SurfaceTable(
            surfaces(
                GatewayServices(
                    conversations: conversations,
                    inference: inference,
                    peers: peers,
                    anonymous: anonymous,
                    verifier: verifier,
                    meter: CallMeter(
                        limiter: ConcurrencyLimiter(limit: configuration.concurrentCalls),
                        keys: keyCache,
                        reporter: reporter,
                        conversations: conversations
                    ),
                    readiness: [readiness(of: peers)],
                    draining: draining
                )
            )
        )
        let finisher = ResponseFinisher(cors: CORSRules(origins: configuration.corsOrigins))
        let dispatcher = RequestDispatcher(
            table: table,
            allowedHosts: AllowedHosts(mode: configuration.mode, names: configuration.answeredHosts),
            authenticator: RequestAuthenticator(
                anonymous: anonymous,
                trustedProxies: configuration.trustedProxies,
                verifier: verifier,
                keys: KeyVerifier(conversations: conversations, cache: keyCache),
                limiter: RateLimiter(perMinute: configuration.requestsPerMinute, perHour: configuration.requestsPerHour)
            ),
            finisher: finisher
        )
        return ServiceUnit.application(
            table: EndpointTable(service: "gateway"),
            configuration: ServerChannel.Configuration(
                limits: headLimits,
                guards: { [RequestGuard(table, finisher, limits: limits, attachments: $0)] }
            ),
            host: configuration.host,
            port: configuration.port,
            background: [
                conversations, inference, KeyChangeFeed(conversations: conversations, cache: keyCache),
                KeyRevalidation(conversations: conversations, cache: keyCache), reporter,
            ],
            draining: draining,
            respond: { await dispatcher.respond($0) }
        )
    }

    private static func readiness(of peers: PeerHealth) -> ReadinessCheck {
        ReadinessCheck("services") {
            let missing = await peers.states().filter { $0.isRequired && $0.fault != nil }
            guard missing.isEmpty else {
                throw Fault(.unavailable, "Not up: \(missing.map(\.name.description).joined(separator: ", ")).")
            }
        }
    }

    /// Returns the authentication mode and the address that a gateway with these settings uses.
    ///
    /// Throws `InvalidSetting` if the gateway would not start with them.
    package static func authentication(settings: Settings) throws -> (mode: String, host: String) {
        let host = settings.string("GATEWAY_HOST") ?? "127.0.0.1"
        let isInsecureAllowed = try settings.boolean("ALLOW_INSECURE", default: false)
        let mode = try GatewayConfiguration.mode(settings, host: host, isInsecureAllowed: isInsecureAllowed)
        return (mode.rawValue, host)
    }

    /// The parser's limits; ``HeadRules`` has lower ones, with a clear message.
    private static var headLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 32_768
        limits.maxHeaderListSize = 65_536
        limits.maxHeaderFieldCount = 500
        return limits
    }

    private static func peers(_ configuration: GatewayConfiguration) -> [PeerHealth.Peer] {
        [
            PeerHealth.Peer(name: "database", urls: configuration.conversationURLs, isRequired: true),
            PeerHealth.Peer(name: "inference", urls: configuration.inferenceURLs, isRequired: true),
            PeerHealth.Peer(name: "media", urls: configuration.mediaURLs, isRequired: false),
            PeerHealth.Peer(name: "transcription", urls: configuration.transcriptionURLs, isRequired: false),
        ]
    }
}
