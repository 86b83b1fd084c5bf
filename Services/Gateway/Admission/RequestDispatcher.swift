import Contracts
import HTTP
import Logging
import NIOCore
import NIOHTTP1

/// Answers every request: finds its route, identifies the caller, runs the handler, and completes the response.
struct RequestDispatcher: Sendable {
    let table: SurfaceTable
    let allowedHosts: AllowedHosts
    let authenticator: RequestAuthenticator
    let finisher: ResponseFinisher

    func respond(_ request: ServerRequest) async -> Response {
        let resolution = request.attachment as? Resolution ?? table.resolve(request.head)
        let context = GatewayContext(request, resolution)
        let head = request.head
        var response: Response
        do {
            try allowedHosts.check(head.headers)
            if let preflight = finisher.cors.preflight(head) {
                response = preflight
            } else {
                response = await dispatch(request, context)
            }
        } catch {
            response = resolution.surface.errors.response(error)
        }
        finisher.finish(
            &response,
            context.ids,
            origin: head.headers.first(name: "origin"),
            start: context.start,
            resolution.metrics
        )
        return response
    }

    private func dispatch(_ request: ServerRequest, _ context: GatewayContext) async -> Response {
        let errors = context.resolution.surface.errors
        switch context.resolution.action {
        case .route(let route):
            let body = RequestBody(request, limit: route.bodyLimit)
            return await authenticator.respond(context, access: route.access) { context in
                try await route.handler(Request(head: request.head, body: body), context)
            }
        case .redirect(let location):
            return .empty(.temporaryRedirect, headers: ["location": location])
        case .options(let allow):
            return .empty(.noContent, headers: ["allow": allow])
        case .methodNotAllowed(let allow):
            var response = errors.response(
                Fault(.wrongMethod, "This path does not support \(request.head.method.rawValue).")
            )
            response.headers.add(name: "allow", value: allow)
            return response
        case .unknownPath:
            let surface = context.resolution.surface
            return errors.response(
                Fault(.unknownPath, surface.unknownPath(request.head.method.rawValue, request.head.uri))
            )
        }
    }
}
