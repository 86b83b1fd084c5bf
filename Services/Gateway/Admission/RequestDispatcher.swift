import Bus
import Contracts
import HTTP
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceKit

/// Every request comes in and every answer goes out here: names, times, origins and counts.
///
/// What is asked most goes straight to who answers it; the router finds who answers the rest.
struct RequestDispatcher: Sendable {
    /// Answers `POST` at one path, from somebody who is known.
    typealias Direct = @Sendable (ServerRequest, AuthenticatedContext) async throws -> Response

    let allowedHosts: AllowedHosts
    let cors: CORSRules
    let authenticator: RequestAuthenticator
    let errors: ErrorAnswers
    let direct: [String: Direct]
    let router: any HTTPResponder<GatewayContext>
    private let measurements = RequestMeasurements()
    private let logger = Logger(label: "gateway")

    init(
        allowedHosts: AllowedHosts,
        cors: CORSRules,
        authenticator: RequestAuthenticator,
        errors: ErrorAnswers,
        direct: [String: Direct],
        router: any HTTPResponder<GatewayContext>
    ) {
        self.allowedHosts = allowedHosts
        self.cors = cors
        self.authenticator = authenticator
        self.errors = errors
        self.direct = direct
        self.router = router
    }

    func answer(_ request: ServerRequest) async -> ServerResponse {
        let context = GatewayContext(source: GatewayContext.Source(request: request, logger: logger))
        let head = request.head
        var response: Response
        do {
            try allowedHosts.check(head.headers)
            if let preflight = cors.preflight(head) {
                response = preflight
            } else {
                response = try await dispatch(request, context)
            }
        } catch {
            response = errors.answer(to: error, context: context)
        }
        // The router sees to what succeeds; an error's words stay away as well.
        if head.method == .HEAD, response.status.code >= 400 { response = response.createHeadResponse() }
        let elapsed = .now - context.start
        if response.body.contentLength != nil { ServerTiming.end(&response.headers, total: elapsed) }
        response.headers[.xRequestID] = context.requestID
        response.headers[.xCorrelationID] = context.correlationID
        cors.apply(to: &response.headers, origin: head.headers.first(name: "origin"))
        measurements.record(context.endpointPath, response.status.code, elapsed)
        do {
            return try await ServerResponse(response)
        } catch {
            logger.error("Answer failed", metadata: ["request.id": "\(context.requestID)", "error": "\(error)"])
            return ServerResponse(status: .internalServerError, body: .whole(ByteBuffer()))
        }
    }

    private func dispatch(_ request: ServerRequest, _ context: GatewayContext) async throws -> Response {
        var path = context.path
        if path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        guard request.head.method == .POST, let answer = direct[path] else {
            return try await router.respond(to: Request(request), context: context)
        }
        context.coreContext.endpointPath.value = path
        return await authenticator.answer(context) { try await answer(request, AuthenticatedContext(context: $0)) }
    }
}
