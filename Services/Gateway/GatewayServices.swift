import Bus
import ServiceKit

/// What the handlers of all surfaces use.
struct GatewayServices: Sendable {
    let conversations: any Bus
    let inference: any Bus
    let peers: PeerHealth
    let anonymous: AnonymousAccess
    let verifier: TokenVerifier
    /// Counts calls of models against limits and quotas.
    let meter: CallMeter
    let readiness: [ReadinessCheck]
    let draining: DrainState
}
