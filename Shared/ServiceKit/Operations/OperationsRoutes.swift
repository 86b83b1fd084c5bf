import Bus
import Contracts
package import Hummingbird
package import NIOCore

/// The routes that every service has for those who operate it.
package enum OperationsRoutes {
    /// Adds `GET /health` (alive), `GET /readyz` (can work) and `GET /metrics` (Prometheus text).
    package static func add(
        to router: Router<some RequestContext>,
        service: String,
        readiness: [ReadinessCheck],
        draining: DrainState
    ) {
        router.get("/health") { _, _ in
            response(try BusCoding.encode(["status": "ok", "service": service]), status: .ok)
        }
        addReadiness(to: router, service: service, readiness: readiness, draining: draining)
        addMetrics(to: router)
    }

    /// Adds `GET /readyz` alone.
    package static func addReadiness(
        to router: Router<some RequestContext>,
        service: String,
        readiness: [ReadinessCheck],
        draining: DrainState
    ) {
        router.get("/readyz") { _, _ in
            let (isReady, json) = try await report(service: service, readiness, draining)
            return response(json, status: isReady ? .ok : .serviceUnavailable)
        }
    }

    /// Whether the service is ready, and the JSON body that says so.
    package static func report(
        service: String,
        _ readiness: [ReadinessCheck],
        _ draining: DrainState
    ) async throws -> (isReady: Bool, json: ByteBuffer) {
        var checks = await ReadinessCheck.ask(readiness)
        if draining.isDraining { checks["draining"] = "The service is about to stop." }
        let isReady = checks.values.allSatisfy { $0 == "ok" }
        let report = Report(status: isReady ? "ready" : "unready", service: service, checks: checks)
        return (isReady, try BusCoding.encode(report))
    }

    /// Adds `GET /metrics` alone.
    package static func addMetrics(to router: Router<some RequestContext>) {
        router.get("/metrics") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: metricsType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics()))
            )
        }
    }

    /// The media type of ``metrics()``.
    package static let metricsType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics of the process in Prometheus's text format.
    package static func metrics() -> String {
        PrometheusMetrics.shared.render() + ProcessMetrics.render()
    }

    private struct Report: Encodable {
        var status: String
        var service: String
        var checks: [String: String]
    }

    private static func response(_ json: ByteBuffer, status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: json)
        )
    }
}
