package import ServiceKit

/// One of the five services, under the short name that people type.
package enum ServiceKind: String, CaseIterable, Sendable {
    case gateway
    case conversation
    case inference
    case media
    case transcription

    package var executable: String {
        self == .gateway ? "gateway" : "\(rawValue)-svc"
    }

    package var portSetting: String { rawValue.uppercased() + "_PORT" }

    /// The port that it listens on by these settings.
    package func port(_ settings: Settings) throws -> Int {
        let standard = [Self.gateway: 8000, .conversation: 8001, .inference: 8002, .media: 8003, .transcription: 8004]
        return try settings.integer(portSetting, default: standard[self] ?? 8000, in: 1...65_535)
    }

    /// Where it can be asked from this machine.
    package func host(_ settings: Settings) -> String {
        let bound = settings.string(self == .gateway ? "GATEWAY_HOST" : "SERVICE_HOST") ?? "127.0.0.1"
        return ["0.0.0.0", "::", "localhost"].contains(bound) ? "127.0.0.1" : bound
    }
}
