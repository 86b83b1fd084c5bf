import Hummingbird

/// Answers what the router's routes throw, before the router makes an answer of its own of it.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let errors: ErrorAnswers

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return errors.answer(to: error, context: context)
        }
    }
}
