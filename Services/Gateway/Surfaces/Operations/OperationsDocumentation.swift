/// The documentation of the routes for operators.
enum OperationsDocumentation {
    static let health = RouteDocumentation(
        summary: "Report the health of the services",
        responses: [
            .init(description: "The gateway can serve.", schema: report),
            .init(status: 503, description: "A required service is not ready.", schema: report),
        ]
    )

    static let readiness = RouteDocumentation(
        summary: "Report whether the gateway is ready",
        responses: [
            .init(description: "The gateway is ready.", schema: readinessReport),
            .init(status: 503, description: "The gateway is not ready, or is stopping.", schema: readinessReport),
        ]
    )

    static let metrics = RouteDocumentation(
        summary: "Export metrics",
        responses: [
            .init(
                description: "All metrics in Prometheus's text format.",
                type: "text/plain; version=0.0.4; charset=utf-8",
                schema: .string
            )
        ]
    )

    private static let report = Schema.object(
        name: "Health",
        [
            .required("status", .values(["healthy", "unhealthy"])), .required("timestamp", .dateTime),
            .required(
                "services",
                .map(
                    .object([
                        .required("status", .values(["up", "down"])), .required("latency_ms", .nullable(.number)),
                        .required("error", .nullable(.string)), .required("pool_size", .null),
                        .required("pool_free", .null),
                    ])
                )
            ),
        ]
    )

    private static let readinessReport = Schema.object(
        name: "Readiness",
        [
            .required("status", .values(["ready", "unready"])), .required("service", .string),
            .required("checks", .map(.string), "`ok`, or why not."), .optional("instance", .string),
        ]
    )
}
