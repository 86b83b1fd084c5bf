import Bus
import Contracts

/// The context of an authenticated request.
struct AuthenticatedContext: RequestContext {
    private let request: GatewayContext
    private(set) var principal: Principal
    /// The API key of the request, if any.
    let key: APIKey?
    private let keyLease: KeyLease?
    private(set) var call: CallContext
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

    /// Whether the caller has no credential, and the principal is the user `local`.
    var isAnonymous: Bool { request.isAnonymous }

    /// Returns a context that acts as the user that a request names, for surfaces whose requests carry a user name.
    ///
    /// Without a credential every name is accepted; with one, the caller's own, and any name for an admin. Throws
    /// `forbidden` for another name, and `invalid` for one that is not a valid user name.
    func acting(as user: String) throws -> AuthenticatedContext {
        guard TokenClaims.isUserName(user) else {
            throw Fault(.invalid, "A user name must have 1 to 255 bytes and no control characters.")
        }
        guard !user.utf8.elementsEqual(principal.user.utf8) else { return self }
        guard isAnonymous || principal.role == .admin else {
            throw Fault(.forbidden, "The credential is of another user than the one that the request names.")
        }
        var context = self
        context.principal = Principal(user: user, key: principal.key)
        context.call = request.call(as: context.principal)
        return context
    }

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
