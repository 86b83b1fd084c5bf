import Contracts
import Hummingbird
import NIOHTTP1

/// Finds out who is asking and whether they may ask now; what was found stands in the context.
struct RequestAuthenticator: Sendable {
    let mode: AuthenticationMode
    let verifier: TokenVerifier
    let keys: KeyVerifier
    let limiter: RateLimiter
    let errors: ErrorAnswers

    /// The answer to a request whose caller may ask, or why they may not.
    func answer(
        _ context: GatewayContext,
        _ next: (GatewayContext) async throws -> Response
    ) async -> Response {
        var context = context
        let surface = Surface(path: context.head.uri)
        var refusal: (any Error)?
        do {
            try await identify(surface, &context)
        } catch {
            refusal = error
        }
        let authenticated = ContinuousClock.now
        // Who guesses credentials is counted by address, like who shows none.
        let decision = limiter.take(limits(of: context))
        var response: Response
        do {
            guard decision.isAllowed else { return surface.tooMany(decision) }
            if let refusal { throw refusal }
            response = try await next(context)
        } catch {
            response = errors.answer(to: error, context: context)
        }
        decision.write(to: &response.headers)
        if surface == .openAI { decision.writeOpenAI(to: &response.headers) }
        ServerTiming.begin(
            &response.headers,
            authentication: authenticated - context.start,
            upstream: .now - authenticated
        )
        return response
    }

    /// A credential that is there and wrong is refused in every mode.
    private func identify(_ surface: Surface, _ context: inout GatewayContext) async throws {
        switch try Credential(context.head.headers) {
        case .token(let token) where isNoCredential(token, surface): context.principal = Principal(user: "local")
        case .token(let token): context.principal = try await verifier.verify(token)
        case .key(let text):
            let (key, version) = try await keys.verify(text, from: context.address, requestID: context.requestID)
            context.key = key
            context.keyLease = KeyLease(key: key, version: version, cache: keys.cache)
            context.principal = key.principal
        case .none:
            if mode == .off {
                context.principal = Principal(user: "local", role: .admin)
            } else if mode == .open, surface.allowsAnonymousAccess {
                context.principal = Principal(user: "local")
            }
        }
    }

    /// A user's limit, and beside it that of the key that they came with.
    private func limits(of context: GatewayContext) -> [RateLimit] {
        guard limiter.isLimited || context.key != nil else { return [] }
        let own = limiter.limit(of: context.caller)
        guard let key = context.key else { return [own] }
        let (perMinute, perHour) = (key.limits.requestsPerMinute ?? 0, key.limits.requestsPerHour ?? 0)
        return [own, RateLimit(caller: "key:\(key.id)", perMinute: perMinute, perHour: perHour)]
    }

    /// Whether what stands where a token belongs is nothing of the kind: the clients of a surface that knows no
    /// authentication always send something.
    private func isNoCredential(_ token: String, _ surface: Surface) -> Bool {
        surface.allowsAnonymousAccess && mode != .required && token.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 2
    }
}
