import Hummingbird

/// ``RequestAuthenticator`` before a router's routes.
struct AuthenticationMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let authenticator: RequestAuthenticator

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        await authenticator.answer(context) { try await next(request, $0) }
    }
}
