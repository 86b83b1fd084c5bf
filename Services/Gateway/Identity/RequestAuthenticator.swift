import Contracts
import HTTP
import NIOHTTP1

/// Finds out who is asking and whether they may ask now; what was found stands in the context.
struct RequestAuthenticator: Sendable {
    let mode: AuthenticationMode
    let verifier: TokenVerifier
    let keys: KeyVerifier
    let limiter: RateLimiter

    /// Identifies the caller, checks access and rate limits, and returns the handler's response or the refusal.
    func respond(
        _ context: GatewayContext,
        access: Access,
        _ next: (GatewayContext) async throws -> Response
    ) async -> Response {
        let errors = context.resolution.surface.errors
        if case .unchecked = access {
            do {
                return try await next(context)
            } catch {
                return ErrorResponder.response(to: error, context)
            }
        }
        var context = context
        var refusal: (any Error)?
        do {
            try await identify(access, &context)
        } catch {
            refusal = error
        }
        let authenticated = ContinuousClock.now
        // Who guesses credentials is counted by address, like who shows none.
        let decision = limiter.take(limits(of: context))
        var response: Response
        do {
            guard decision.isAllowed else { return errors.rateLimited(decision) }
            if let refusal { throw refusal }
            try access.check(context)
            response = try await next(context)
        } catch {
            response = ErrorResponder.response(to: error, context)
        }
        decision.write(to: &response.headers)
        errors.writeRateLimit(decision, &response.headers)
        ServerTiming.begin(
            &response.headers,
            authentication: authenticated - context.start,
            upstream: .now - authenticated
        )
        return response
    }

    /// A credential that is there and wrong is refused in every mode.
    private func identify(_ access: Access, _ context: inout GatewayContext) async throws {
        switch try Credential(context.head.headers) {
        case .token(let token) where isNoCredential(token, access): context.principal = Principal(user: "local")
        case .token(let token): context.principal = try await verifier.verify(token)
        case .key(let text):
            let (key, version) = try await keys.verify(text, from: context.address, requestID: context.requestID)
            context.key = key
            context.keyLease = KeyLease(key: key, version: version, cache: keys.cache)
            context.principal = key.principal
        case .none:
            if mode == .off {
                context.principal = Principal(user: "local", role: .admin)
            } else if mode == .open, case .localInOpenMode = access {
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

    /// Whether a bearer token is not a JWT and is ignored: clients of a surface without authentication always send one.
    private func isNoCredential(_ token: String, _ access: Access) -> Bool {
        guard case .localInOpenMode = access, mode != .required else { return false }
        return token.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 2
    }
}
