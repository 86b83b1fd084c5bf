/// One of the five services, under the short name that the command line uses.
package enum ServiceKind: String, CaseIterable, Sendable {
    case gateway
    case conversation
    case inference
    case media
    case transcription

    /// The name of the executable that contains only this service, which is also the name in logs and health answers.
    package var executable: String {
        self == .gateway ? "gateway" : "\(rawValue)-svc"
    }

    /// The setting that holds its port.
    package var portSetting: String { rawValue.uppercased() + "_PORT" }

    /// The setting that holds the address it binds to.
    package var hostSetting: String { self == .gateway ? "GATEWAY_HOST" : "SERVICE_HOST" }

    /// The port that the service listens on.
    ///
    /// Throws ``InvalidSetting`` for a value outside 1…65535.
    package func port(_ settings: Settings) throws -> Int {
        let text = Settings.known.first { $0.name == portSetting }?.defaultValue ?? ""
        return try settings.integer(portSetting, default: Int(text) ?? 0, in: 1...65_535)
    }

    /// The address at which this machine can reach the service.
    package func host(_ settings: Settings) -> String {
        let bound = settings.string(hostSetting) ?? "127.0.0.1"
        return ["0.0.0.0", "::", "localhost"].contains(bound.lowercased()) ? "127.0.0.1" : bound
    }
}
