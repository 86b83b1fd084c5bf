import Bus
import Contracts
import Hummingbird

/// A request of somebody who is known: whoever has one of these has been authenticated.
struct AuthenticatedContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let principal: Principal
    /// The key that they came with.
    let key: APIKey?
    private let keyHold: KeyHold?
    let call: CallContext
    let start: ContinuousClock.Instant
    let requestID: String

    /// Throws `unauthorized` when nobody is known.
    init(context: GatewayContext) throws {
        guard let principal = context.principal else { throw Fault(.unauthorized, "Missing authorization header") }
        coreContext = context.coreContext
        self.principal = principal
        key = context.key
        keyHold = context.keyHold
        call = context.call(as: principal)
        start = context.start
        requestID = context.requestID
    }

    var maxUploadSize: Int { RequestGuard.largestBody }

    /// A long answer, which ends early when the key by which it was asked for is revoked.
    func tied<Element>(_ stream: ElementStream<Element>) -> ElementStream<Element> {
        keyHold?.tie(stream) ?? stream
    }

    /// Like ``tied(_:)-(ElementStream<Element>)``, for one that takes a while to be made.
    func tied<Element>(
        _ make: () async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        guard let keyHold else { return try await make() }
        return try await keyHold.tie(make)
    }
}
