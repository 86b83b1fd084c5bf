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
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        var refusal: (any Error)?
        do {
            try await identify(request, &context)
        } catch {
            refusal = error
        }
        let authenticated = ContinuousClock.now
        // Who guesses credentials is counted by address, like who shows none.
        let verdict = limiter.admit(allowances(of: context))
        var response: Response
        do {
            guard verdict.isAdmitted else { return V1Answer.tooMany(verdict) }
            if let refusal { throw refusal }
            response = try await next(request, context)
        } catch {
            response = errors.answer(to: error, request: request, context: context)
        }
        verdict.write(to: &response.headers)
        ServerTiming.begin(
            &response.headers,
            authentication: authenticated - context.start,
            upstream: .now - authenticated
        )
        return response
    }

    /// A credential that is there and wrong is refused in every mode.
    private func identify(_ request: Request, _ context: inout GatewayContext) async throws {
        switch try Credential(request.headers) {
        case .token(let token): context.principal = try await verifier.verify(token)
        case .key(let text):
            let key = try await keys.verify(text, from: context.address, requestID: context.requestID)
            context.key = key
            context.principal = key.principal
        case .none: context.principal = mode == .off ? Principal(user: "local", role: .admin) : nil
        }
    }

    /// A user's allowance, and beside it that of the key that they came with.
    private func allowances(of context: GatewayContext) -> [RateLimiter.Allowance] {
        let own = limiter.allowance(of: context.caller)
        guard let key = context.key else { return [own] }
        let (perMinute, perHour) = (key.limits.requestsPerMinute ?? 0, key.limits.requestsPerHour ?? 0)
        return [own, RateLimiter.Allowance(caller: "key:\(key.id)", perMinute: perMinute, perHour: perHour)]
    }
}
