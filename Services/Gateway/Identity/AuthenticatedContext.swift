import Bus
import Contracts

/// The context of a request whose caller is authenticated.
struct AuthenticatedContext: RequestContext {
    let parameters: PathParameters
    let principal: Principal
    /// The API key that the caller used.
    let key: APIKey?
    private let keyLease: KeyLease?
    let call: CallContext
    let start: ContinuousClock.Instant
    let requestID: String

    /// Throws `unauthorized` for a context without a principal.
    init(context: GatewayContext) throws {
        guard let principal = context.principal else { throw Fault(.unauthorized, "Missing authorization header") }
        parameters = context.parameters
        self.principal = principal
        key = context.key
        keyLease = context.keyLease
        call = context.call(as: principal)
        start = context.start
        requestID = context.requestID
    }

    /// Asks for a whole answer, which is left when the key by which it is asked for stops being good.
    func answer<Answer>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> Answer
    ) async throws -> Answer {
        guard let keyLease else { return try await ask(call) }
        return try await keyLease.answer(call, ask)
    }

    /// Asks for a stream, which ends early when the key by which it was asked for stops being good.
    func stream<Element>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        guard let keyLease else { return try await ask(call) }
        return try await keyLease.stream(call, ask)
    }
}
