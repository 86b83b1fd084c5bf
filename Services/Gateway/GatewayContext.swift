import Bus
import Contracts
import Hummingbird
import NIOCore

/// What the gateway knows of a request.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Where the request came from; for limits, never for trust.
    let remoteAddress: String
    let start: ContinuousClock.Instant
    var requestID: String
    var traceparent: String?
    /// Who is asking, once that is known.
    var principal: Principal?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
        start = .now
        requestID = ""
    }

    /// The longest body that is taken, in bytes.
    var maxUploadSize: Int { RequestGuard.bodyLimit }

    /// Whether the request comes from this machine.
    var isLoopback: Bool { remoteAddress.hasPrefix("127.") || remoteAddress == "::1" }

    /// The call on the bus that answers the request.
    func call(as principal: Principal? = nil) -> CallContext {
        guard let traceparent else { return CallContext(principal: principal, requestID: requestID) }
        return CallContext(principal: principal, requestID: requestID, traceparent: traceparent)
    }
}

/// A request of somebody who is known: whoever has one of these has been authenticated.
struct AuthenticatedContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let principal: Principal
    let call: CallContext
    let start: ContinuousClock.Instant
    let requestID: String

    /// Throws `unauthorized` when nobody is known.
    init(context: GatewayContext) throws {
        guard let principal = context.principal else { throw Fault(.unauthorized, "Missing authorization header") }
        coreContext = context.coreContext
        self.principal = principal
        call = context.call(as: principal)
        start = context.start
        requestID = context.requestID
    }

    var maxUploadSize: Int { RequestGuard.bodyLimit }
}
