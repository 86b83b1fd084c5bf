import Bus
import Contracts
import Hummingbird
import NIOCore

/// Answers who comes to a path that is not there, in the bus's own shape.
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
                "There is no \(request.method) \(path) here. GET /endpoints lists what there is."
            )
            return Response(
                status: fault.code.status,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: try fault.encoded())
            )
        }
    }
}
