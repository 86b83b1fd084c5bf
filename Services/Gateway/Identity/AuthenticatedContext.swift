import Bus
import Contracts
import Hummingbird

/// A request of somebody who is known: whoever has one of these has been authenticated.
struct AuthenticatedContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let principal: Principal
    /// The key that they came with.
    let key: APIKey?
    let call: CallContext
    let start: ContinuousClock.Instant
    let requestID: String

    /// Throws `unauthorized` when nobody is known.
    init(context: GatewayContext) throws {
        guard let principal = context.principal else { throw Fault(.unauthorized, "Missing authorization header") }
        coreContext = context.coreContext
        self.principal = principal
        key = context.key
        call = context.call(as: principal)
        start = context.start
        requestID = context.requestID
    }

    var maxUploadSize: Int { RequestGuard.largestBody }
}
