import Contracts
import HTTP
import NIOHTTP1
import ServiceKit

/// Authenticates requests and applies rate limits.
struct RequestAuthenticator: Sendable {
    let anonymous: AnonymousAccess
    let trustedProxies: [IPNetwork]
    let verifier: TokenVerifier
    let keys: KeyVerifier
    let limiter: RateLimiter

    /// Returns the response of `next`, or an error response if the request is rejected.
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
        if !trustedProxies.isEmpty { context.resolveClientAddress(behind: trustedProxies) }
        var refusal: (any Error)?
        do {
            try await identify(access, &context)
        } catch {
            refusal = error
        }
        let authenticated = ContinuousClock.now
        // Requests without a valid credential are counted by address.
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

    /// Sets the principal of the context; an invalid credential is rejected in every mode.
    private func identify(_ access: Access, _ context: inout GatewayContext) async throws {
        switch try Credential(context.head.headers) {
        case .token(let token) where isPlaceholder(token, access, context) && anonymous.isAllowed(context):
            context.principal = Principal(user: "local")
            context.isAnonymous = true
        case .token(let token): context.principal = try await verifier.verify(token)
        case .key(let text):
            let (key, version) = try await keys.verify(text, from: context.address, requestID: context.requestID)
            context.key = key
            context.keyLease = KeyLease(key: key, version: version, cache: keys.cache)
            context.principal = key.principal
        case .none:
            guard anonymous.mode == .off || anonymous.mode == .open && access == .localInOpenMode else { return }
            guard anonymous.isAllowed(context) else {
                context.missingCredential = AnonymousAccess.forwarded
                return
            }
            context.principal = Principal(user: "local", role: anonymous.mode == .off ? .admin : .user)
            context.isAnonymous = true
        }
    }

    /// The rate limits of the request: the caller's, and the limit of the API key if it has one.
    private func limits(of context: GatewayContext) -> [RateLimit] {
        guard limiter.isLimited || context.key != nil else { return [] }
        let own = limiter.limit(of: context.caller)
        guard let key = context.key else { return [own] }
        let (perMinute, perHour) = (key.limits.requestsPerMinute ?? 0, key.limits.requestsPerHour ?? 0)
        return [own, RateLimit(caller: "key:\(key.id)", perMinute: perMinute, perHour: perHour)]
    }

    /// Whether the bearer token is not a JWT on a route with anonymous access of a surface whose clients always send one.
    private func isPlaceholder(_ token: String, _ access: Access, _ context: GatewayContext) -> Bool {
        access == .localInOpenMode && context.resolution.surface.defaults.ignoresPlaceholderTokens
            && token.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 2
    }
}
