import Contracts
package import Hummingbird

/// Answers who comes to a path that is not there, in the bus's own shape.
package struct LostMiddleware: RouterMiddleware {
    package typealias Context = BusContext

    package init() {}

    package func handle(
        _ request: Request,
        context: BusContext,
        next: (Request, BusContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let path = String(request.uri.path.prefix(100))
            return try Fault(
                .missing,
                "There is no \(request.method) \(path) here. GET /endpoints lists what there is."
            )
            .response()
        }
    }
}
