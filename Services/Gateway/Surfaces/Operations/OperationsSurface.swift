import NIOHTTP1
import ServiceKit

extension Surface {
    /// Health, readiness and metrics, for operators; errors have v1's format.
    static func operations(_ services: GatewayServices) -> Surface {
        let health = HealthController(conversations: services.conversations, peers: services.peers)
        return Surface(
            name: "operations",
            errors: ErrorFormat(response: { V1Answer.fault($0) }, rateLimited: V1Answer.tooMany),
            routes: [
                Route(.GET, "/health", access: .unchecked, health.health),
                Route(.GET, "/readyz", access: .unchecked) { (_, _: GatewayContext) in
                    try await OperationsRoutes.readinessResponse(
                        service: "gateway",
                        readiness: services.readiness,
                        draining: services.draining
                    )
                },
                Route(.GET, "/metrics", access: .adminOrLoopback) { (_, _: GatewayContext) in
                    OperationsRoutes.metricsResponse()
                },
            ]
        )
    }
}
