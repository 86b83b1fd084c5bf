import Contracts
import Hummingbird

/// Finds out who is asking and whether they may ask now; what was found stands in the context.
struct IdentificationMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let mode: AuthenticationMode
    let verifier: TokenVerifier
    let limiter: RateLimiter

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.principal = try await identify(request)
        let authenticated = ContinuousClock.now
        let verdict = limiter.admit(context.principal.map { "user:\($0.user)" } ?? "address:\(context.remoteAddress)")
        guard verdict.isAdmitted else { return try V1Answer.tooMany(verdict) }
        var response = try await next(request, context)
        verdict.write(to: &response.headers)
        ServerTiming.prepend("auth", authenticated - context.start, to: &response.headers)
        return response
    }

    /// A credential that is there and wrong is refused in every mode.
    private func identify(_ request: Request) async throws -> Principal? {
        switch try Credential(request.headers) {
        case .token(let token): return try await verifier.verify(token)
        case .key: throw Fault(.unauthorized, "Invalid API key")
        case .none: return mode == .off ? Principal(user: "local", role: .admin) : nil
        }
    }
}
