import Bus
import Contracts
package import Hummingbird

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
            try json(["status": "ok", "service": service], status: .ok)
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
            var checks = await ReadinessCheck.ask(readiness)
            if draining.isDraining { checks["draining"] = "The service is about to stop." }
            let isReady = checks.values.allSatisfy { $0 == "ok" }
            let answer = Report(status: isReady ? "ready" : "unready", service: service, checks: checks)
            return try json(answer, status: isReady ? .ok : .serviceUnavailable)
        }
    }

    /// Adds `GET /metrics` alone.
    package static func addMetrics(to router: Router<some RequestContext>) {
        router.get("/metrics") { _, _ in metrics() }
    }

    /// All metrics of the process, as Prometheus reads them.
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
    }

    private static func json(_ value: some Encodable, status: HTTPResponse.Status) throws -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: try BusCoding.encode(value))
        )
    }
}
