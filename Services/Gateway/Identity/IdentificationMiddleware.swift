import Contracts
import Hummingbird

/// Finds out who is asking and whether they may ask now; what was found stands in the context.
struct IdentificationMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let mode: AuthenticationMode
    let verifier: TokenVerifier
    let limiter: RateLimiter
    let errors: ErrorAnswers

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let surface = Surface(path: request.uri.path)
        var refusal: (any Error)?
        do {
            context.principal = try await identify(request, surface)
        } catch {
            refusal = error
        }
        let authenticated = ContinuousClock.now
        // Who guesses credentials is counted by address, like who shows none.
        let verdict = limiter.admit(context.caller)
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
    private func identify(_ request: Request, _ surface: Surface) async throws -> Principal? {
        switch try Credential(request.headers) {
        case .token(let token) where isNoCredential(token, surface): return Principal(user: "local")
        case .token(let token): return try await verifier.verify(token)
        case .key: throw Fault(.unauthorized, "Invalid API key")
        case .none:
            if mode == .off { return Principal(user: "local", role: .admin) }
            return mode == .open && surface.knowsNoAuthentication ? Principal(user: "local") : nil
        }
    }

    /// Whether what stands where a token belongs is nothing of the kind: the clients of a surface that knows no
    /// authentication always send something.
    private func isNoCredential(_ token: String, _ surface: Surface) -> Bool {
        surface.knowsNoAuthentication && mode != .required && token.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 2
    }
}
