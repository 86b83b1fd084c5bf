import Contracts
import Hummingbird
import NIOHTTP1

/// Finds out who is asking and whether they may ask now; what was found stands in the context.
struct Identification: Sendable {
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
        let verdict = limiter.admit(allowances(of: context))
        var response: Response
        do {
            guard verdict.isAdmitted else { return surface.tooMany(verdict) }
            if let refusal { throw refusal }
            response = try await next(context)
        } catch {
            response = errors.answer(to: error, context: context)
        }
        verdict.write(to: &response.headers)
        if surface == .openAI { verdict.writeOpenAI(to: &response.headers) }
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
            context.keyHold = KeyHold(key: key, version: version, cache: keys.cache)
            context.principal = key.principal
        case .none:
            if mode == .off {
                context.principal = Principal(user: "local", role: .admin)
            } else if mode == .open, surface.knowsNoAuthentication {
                context.principal = Principal(user: "local")
            }
        }
    }

    /// A user's allowance, and beside it that of the key that they came with.
    private func allowances(of context: GatewayContext) -> [RateLimiter.Allowance] {
        guard limiter.isLimited || context.key != nil else { return [] }
        let own = limiter.allowance(of: context.caller)
        guard let key = context.key else { return [own] }
        let (perMinute, perHour) = (key.limits.requestsPerMinute ?? 0, key.limits.requestsPerHour ?? 0)
        return [own, RateLimiter.Allowance(caller: "key:\(key.id)", perMinute: perMinute, perHour: perHour)]
    }

    /// Whether what stands where a token belongs is nothing of the kind: the clients of a surface that knows no
    /// authentication always send something.
    private func isNoCredential(_ token: String, _ surface: Surface) -> Bool {
        surface.knowsNoAuthentication && mode != .required && token.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 2
    }
}
