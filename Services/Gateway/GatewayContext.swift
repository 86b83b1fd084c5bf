import Bus
import Contracts
import Hummingbird
import NIOCore

/// What the gateway knows of a request.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let peer: SocketAddress?
    let start: ContinuousClock.Instant
    var requestID: String
    var traceparent: String?
    /// Who is asking, once that is known.
    var principal: Principal?
    /// The key that they came with.
    var key: APIKey?
    var keyHold: KeyHold?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress
        start = .now
        requestID = ""
    }

    /// The longest body that is taken, in bytes.
    var maxUploadSize: Int { RequestGuard.largestBody }

    /// Whose allowance the request is counted against: the user's, or the address's when nobody is known.
    var caller: String {
        principal.map { "user:\($0.user)" } ?? address
    }

    /// Where the request comes from, as somebody who can be counted.
    var address: String { "address:\(peer?.ipAddress ?? "unknown")" }

    /// Whether the request comes from this machine.
    var isLoopback: Bool { peer?.isLoopback == true }

    /// The call on the bus that answers the request.
    func call(as principal: Principal? = nil) -> CallContext {
        guard let traceparent else { return CallContext(principal: principal, requestID: requestID) }
        return CallContext(principal: principal, requestID: requestID, traceparent: traceparent)
    }
}
