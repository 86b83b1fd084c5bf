import Bus
import Contracts
package import Hummingbird
package import NIOCore

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
            response(try BusCoding.encode(["status": "ok", "service": service]), status: .ok)
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
            let (isReady, json) = try await report(service: service, readiness, draining)
            return response(json, status: isReady ? .ok : .serviceUnavailable)
        }
    }

    /// Returns whether the service is ready, and the JSON body of `GET /readyz`.
    package static func report(
        service: String,
        _ readiness: [ReadinessCheck],
        _ draining: DrainState
    ) async throws -> (isReady: Bool, json: ByteBuffer) {
        var checks = await ReadinessCheck.run(readiness)
        if draining.isDraining { checks["draining"] = "The service is stopping." }
        let isReady = checks.values.allSatisfy { $0 == "ok" }
        let report = Report(
            status: isReady ? "ready" : "unready",
            service: service,
            checks: checks,
            instance: SupervisedProcess.instance
        )
        return (isReady, try BusCoding.encode(report))
    }

    /// Adds `GET /metrics` only.
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

    /// Returns all metrics of the process in Prometheus's text format.
    package static func metrics() -> String {
        PrometheusMetrics.shared.render() + ProcessMetrics.render()
    }

    private struct Report: Encodable {
        var status: String
        var service: String
        var checks: [String: String]
        var instance: String?
    }

    private static func response(_ json: ByteBuffer, status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: json)
        )
    }
}
