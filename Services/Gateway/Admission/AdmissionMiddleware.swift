import Bus
import Contracts
import Hummingbird
import Logging

/// Every request comes in and every answer goes out here: names, times, origins, counts, and the shape of errors.
struct AdmissionMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    let cors: CORSRules
    let routes: RouteList
    let measurements: RequestMeasurements

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let correlation = request.headers[.xCorrelationID].flatMap(BusHeaders.token)
        context.requestID = request.headers[.xRequestID].flatMap(BusHeaders.token) ?? correlation ?? .randomHex(words: 1)
        context.traceparent = request.headers[.traceparent].flatMap(BusHeaders.token)
        var response: Response
        if let preflight = cors.preflight(request) {
            response = preflight
        } else {
            do {
                response = try await next(request, context)
            } catch {
                response = answer(to: error, request: request, context: context)
            }
        }
        if response.body.contentLength != nil {
            ServerTiming.append("total", .now - context.start, to: &response.headers)
        }
        response.headers[.xRequestID] = context.requestID
        response.headers[.xCorrelationID] = correlation ?? context.requestID
        cors.apply(to: &response.headers, origin: request.headers[.origin])
        measurements.record(context.endpointPath, response.status.code, .now - context.start)
        return response
    }

    private func answer(to error: any Error, request: Request, context: GatewayContext) -> Response {
        switch error {
        case let fault as Fault: return V1Answer.fault(fault)
        case is CancellationError: return V1Answer.fault(Fault(.cut, "The request was given up by its client."))
        case let error as HTTPError where error.status == .notFound:
            let methods = routes.methods(for: request.uri.path)
            guard !methods.isEmpty else { return V1Answer.fault(Fault(.missing, "There is no such path.")) }
            var response = V1Answer.fault(Fault(.wrongMethod, "This path does not take \(request.method.rawValue)."))
            response.headers[.allow] = methods.joined(separator: ", ")
            return response
        case let error as HTTPError where (400..<500).contains(error.status.code):
            return V1Answer.fault(Fault(.invalid, error.body ?? "The request cannot be understood."))
        default:
            Logger.current.error(
                "Request failed",
                metadata: ["request.id": "\(context.requestID)", "request.path": "\(request.uri.path)", "error": "\(error)"]
            )
            return V1Answer.fault(.unexpected(requestID: context.requestID))
        }
    }
}
