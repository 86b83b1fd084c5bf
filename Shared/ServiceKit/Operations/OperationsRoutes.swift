import Bus
import Contracts
package import Hummingbird

/// The routes for operators that every service has.
package enum OperationsRoutes {
    /// Adds `GET /health` (liveness), `GET /readyz` (readiness) and `GET /metrics` (Prometheus text).
    package static func add(
        to router: Router<some RequestContext>,
        service: String,
        readiness: [ReadinessCheck],
        draining: DrainState
    ) {
        router.get("/health") { _, _ in
            try json(["status": "ok", "service": service], status: .ok)
        }
        addReadiness(to: router, service: service, readiness: readiness, draining: draining)
        addMetrics(to: router)
    }

    /// Adds `GET /readyz` only.
    ///
    /// Under `parley up` the answer contains the `instance` that the supervisor gave to this process.
    package static func addReadiness(
        to router: Router<some RequestContext>,
        service: String,
        readiness: [ReadinessCheck],
        draining: DrainState
    ) {
        router.get("/readyz") { _, _ in
            var checks = await ReadinessCheck.run(readiness)
            if draining.isDraining { checks["draining"] = "The service is stopping." }
            let isReady = checks.values.allSatisfy { $0 == "ok" }
            let report = Report(
                status: isReady ? "ready" : "unready",
                service: service,
                checks: checks,
                instance: SupervisedProcess.instance
            )
            return try json(report, status: isReady ? .ok : .serviceUnavailable)
        }
    }

    /// Adds `GET /metrics` only.
    package static func addMetrics(to router: Router<some RequestContext>) {
        router.get("/metrics") { _, _ in metrics() }
    }

    /// Returns all metrics of the process in Prometheus's text format.
    package static func metrics() -> Response {
        let text = PrometheusMetrics.shared.render() + ProcessMetrics.render()
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    private struct Report: Encodable {
        var status: String
        var service: String
        var checks: [String: String]
        var instance: String?
    }

    private static func json(_ value: some Encodable, status: HTTPResponse.Status) throws -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: try BusCoding.encode(value))
        )
    }
}
