import Bus
import Hummingbird

/// Every request comes in and every answer goes out here: names, times, origins and counts.
struct AdmissionMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let cors: CORSRules
    let errors: ErrorAnswers
    let measurements: RequestMeasurements

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let correlation = request.headers[.xCorrelationID].flatMap(BusHeaders.token)
        context.requestID =
            request.headers[.xRequestID].flatMap(BusHeaders.token) ?? correlation ?? .randomHex(words: 1)
        context.traceparent = request.headers[.traceparent].flatMap(TraceParent.read)
        var response: Response
        if let preflight = cors.preflight(request) {
            response = preflight
        } else {
            do {
                response = try await next(request, context)
            } catch {
                response = errors.answer(to: error, request: request, context: context)
            }
        }
        // The router sees to what succeeds; an error's words stay away as well.
        if request.method == .head, response.status.code >= 400 { response = response.createHeadResponse() }
        let elapsed = .now - context.start
        if response.body.contentLength != nil { ServerTiming.end(&response.headers, total: elapsed) }
        response.headers[.xRequestID] = context.requestID
        response.headers[.xCorrelationID] = correlation ?? context.requestID
        cors.apply(to: &response.headers, origin: request.headers[.origin])
        measurements.record(context.endpointPath, response.status.code, elapsed)
        return response
    }
}
