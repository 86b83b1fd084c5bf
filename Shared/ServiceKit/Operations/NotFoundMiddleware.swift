import Bus
import Contracts
import Hummingbird
import NIOCore

/// Returns errors for unknown paths in the format of the bus.
struct NotFoundMiddleware: RouterMiddleware {
    typealias Context = OperationsContext

    func handle(
        _ request: Request,
        context: OperationsContext,
        next: @concurrent (Request, OperationsContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let path = String(request.uri.path.prefix(100))
            let fault = Fault(
                .missing,
                "There is no \(request.method) \(path) here. GET /endpoints lists the endpoints."
            )
            return Response(
                status: fault.code.status,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: try fault.encoded())
            )
        }
    }
}
