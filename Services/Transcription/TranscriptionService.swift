import Bus
package import ServiceKit

/// transcription-svc: comes up, healthy, and serves no endpoints yet.
package enum TranscriptionService {
    /// Puts the service together.
    ///
    /// Reads `SERVICE_HOST` (127.0.0.1), `TRANSCRIPTION_PORT` (8004; 0 for any free one) and the bus secret. Throws a
    /// `InvalidSetting` when a setting is wrong.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        ServiceUnit.bus(
            table: EndpointTable(service: "transcription-svc"),
            host: settings.string("SERVICE_HOST") ?? "127.0.0.1",
            port: try settings.integer("TRANSCRIPTION_PORT", default: 8004, in: 0...65_535),
            token: try settings.busToken()
        )
    }
}
