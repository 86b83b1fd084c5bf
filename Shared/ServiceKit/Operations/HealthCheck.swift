import Bus
import NIOCore

/// Asks the running service whether it can work: a container's health check without another program.
enum HealthCheck {
    static func ask(_ settings: Settings, portSetting: String) async -> Bool {
        let setting = Settings.known.first { $0.name == portSetting }
        let port = settings.string(portSetting) ?? setting?.defaultValue ?? ""
        let bound = settings.string(portSetting == "GATEWAY_PORT" ? "GATEWAY_HOST" : "SERVICE_HOST") ?? "127.0.0.1"
        let host = ["0.0.0.0", "::", "localhost"].contains(bound) ? "127.0.0.1" : bound
        do {
            let name = host.contains(":") ? "[\(host)]" : host
            let request = try HTTPClient.Request(
                url: "http://\(name):\(port)/readyz", headTimeout: .seconds(2), readTimeout: .seconds(2)
            )
            let client = HTTPClient(configuration: .init(connectTimeout: .seconds(2)))
            let response = try await client.send(request)
            let body = try await response.body.collect(upTo: 65_536)
            print(String(buffer: body))
            return response.status == 200
        } catch {
            print("\(error)")
            return false
        }
    }
}
