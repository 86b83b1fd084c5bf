import Bus
package import ServiceKit

/// media-svc: comes up, healthy, and serves no endpoints yet.
package enum MediaService {
    /// Puts the service together.
    ///
    /// Reads `SERVICE_HOST` (127.0.0.1), `MEDIA_PORT` (8003; 0 for any free one) and the bus secret. Throws a
    /// `InvalidSetting` when a setting is wrong.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        ServiceUnit.bus(
            table: EndpointTable(service: "media-svc"),
            host: settings.string("SERVICE_HOST") ?? "127.0.0.1",
            port: try settings.integer("MEDIA_PORT", default: 8003, in: 0...65_535),
            token: try settings.busToken()
        )
    }
}
