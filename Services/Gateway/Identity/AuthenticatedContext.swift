import Bus
import Contracts

/// The context of an authenticated request.
struct AuthenticatedContext: RequestContext {
    private let request: GatewayContext
    let principal: Principal
    /// The API key of the request, if any.
    let key: APIKey?
    private let keyLease: KeyLease?
    let call: CallContext
    let start: ContinuousClock.Instant
    let requestID: String

    /// Throws `unauthorized` without a principal.
    init(context: GatewayContext) throws {
        guard let principal = context.principal else { throw context.missingCredential }
        request = context
        self.principal = principal
        key = context.key
        keyLease = context.keyLease
        call = context.call(as: principal)
        start = context.start
        requestID = context.requestID
    }

    var parameters: PathParameters { request.parameters }

    /// Whether the request was sent directly from this machine.
    var isLoopback: Bool { request.isLoopback }

    /// Makes a call that is cancelled when the request's API key is invalidated.
    func answer<Answer>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> Answer
    ) async throws -> Answer {
        guard let keyLease else { return try await ask(call) }
        return try await keyLease.answer(call, ask)
    }

    /// Opens a stream that ends with a fault when the request's API key is invalidated.
    func stream<Element>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        guard let keyLease else { return try await ask(call) }
        return try await keyLease.stream(call, ask)
    }
}
