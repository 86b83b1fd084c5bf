import HTTP
import NIOHTTP1

/// Adds the headers that every response has, and counts the response.
struct ResponseFinisher: Sendable {
    let cors: CORSRules

    /// Measures the time from `start`, when the request's head had arrived.
    func finish(
        _ response: inout Response,
        _ ids: RequestIDs,
        origin: String?,
        start: ContinuousClock.Instant,
        _ metrics: RouteMetrics
    ) {
        let elapsed = .now - start
        if case .whole = response.body { ServerTiming.end(&response.headers, total: elapsed) }
        response.headers.add(name: "x-request-id", value: ids.requestID)
        response.headers.add(name: "x-correlation-id", value: ids.correlationID)
        cors.apply(to: &response.headers, origin: origin)
        metrics.record(Int(response.status.code), elapsed)
    }
}
