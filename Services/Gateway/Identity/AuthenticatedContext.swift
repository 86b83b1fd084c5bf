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

    /// Makes a call that is cancelled when the caller's API key becomes invalid.
    func answer<Answer>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> Answer
    ) async throws -> Answer {
        guard let keyLease else { return try await ask(call) }
        return try await keyLease.answer(call, ask)
    }

    /// Opens a stream that is cancelled when the caller's API key becomes invalid.
    func stream<Element>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        guard let keyLease else { return try await ask(call) }
        return try await keyLease.stream(call, ask)
    }
}
