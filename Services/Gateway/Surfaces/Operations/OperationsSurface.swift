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
            description: "For those who run this server: health, readiness and metrics.",
            errors: ErrorFormat(
                schema: .v1Error,
                response: { V1Response.error($0) },
                rateLimited: V1Response.rateLimited
            ),
            routes: [
                Route(.GET, "/health", access: .unchecked, health.health)
                    .documented(OperationsDocumentation.health),
                Route(.GET, "/readyz", access: .unchecked) { (_, _: GatewayContext) in
                    let (isReady, json) = try await OperationsRoutes.report(
                        service: "gateway",
                        services.readiness,
                        services.draining
                    )
                    return .json(json, status: isReady ? .ok : .serviceUnavailable)
                }
                .documented(OperationsDocumentation.readiness),
                Route(.GET, "/metrics", access: .adminOrLoopback) { (_, _: GatewayContext) in
                    .text(OperationsRoutes.metrics(), type: OperationsRoutes.metricsType)
                }
                .documented(OperationsDocumentation.metrics),
            ]
        )
    }
}
