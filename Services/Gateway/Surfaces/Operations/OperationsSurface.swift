import NIOHTTP1
import ServiceKit

extension Surface {
    /// Health, readiness and metrics, for operators; errors have v1's format.
    static func operations(_ services: GatewayServices) -> Surface {
        let health = HealthController(
            conversations: services.conversations,
            peers: services.peers,
            mode: services.anonymous.mode
        )
        return Surface(
            name: "operations",
            errors: ErrorFormat(response: { V1Response.error($0) }, rateLimited: V1Response.rateLimited),
            routes: [
                Route(.GET, "/health", access: .unchecked, health.health),
                Route(.GET, "/readyz", access: .unchecked) { (_, _: GatewayContext) in
                    let (isReady, json) = try await OperationsRoutes.report(
                        service: "gateway",
                        services.readiness,
                        services.draining
                    )
                    return .json(json, status: isReady ? .ok : .serviceUnavailable)
                },
                Route(.GET, "/metrics", access: .adminOrLoopback) { (_, _: GatewayContext) in
                    .text(OperationsRoutes.metrics(), type: OperationsRoutes.metricsType)
                },
            ]
        )
    }
}
