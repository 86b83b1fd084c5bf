import Hummingbird

/// ``Identification`` before a router's routes.
struct IdentificationMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let identification: Identification

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        await identification.answer(context) { try await next(request, $0) }
    }
}
