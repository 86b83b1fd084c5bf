import Contracts
import Hummingbird

/// Finds out who is asking and whether they may ask now; what was found stands in the context.
struct IdentificationMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let mode: AuthenticationMode
    let verifier: TokenVerifier
    let keys: KeyVerifier
    let limiter: RateLimiter
    let errors: ErrorAnswers

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let surface = Surface(path: request.uri.path)
        var refusal: (any Error)?
        do {
            try await identify(request, surface, &context)
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
            response = try await next(request, context)
        } catch {
            response = errors.answer(to: error, request: request, context: context)
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
    private func identify(_ request: Request, _ surface: Surface, _ context: inout GatewayContext) async throws {
        switch try Credential(request.headers) {
        case .token(let token) where isNoCredential(token, surface): context.principal = Principal(user: "local")
        case .token(let token): context.principal = try await verifier.verify(token)
        case .key(let text):
            let version = keys.cache.version
            let key = try await keys.verify(text, from: context.address, requestID: context.requestID)
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
