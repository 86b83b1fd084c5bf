import HTTP
import NIOCore

/// Asks the running service whether it can work: a container's health check without another program.
enum HealthCheck {
    /// Prints the answer, and says whether it is a yes; takes two seconds at most.
    static func ask(_ settings: Settings, portSetting: String) async throws -> Bool {
        let standard = Settings.known.first { $0.name == portSetting }.flatMap { Int($0.defaultValue) } ?? 0
        let port = try settings.integer(portSetting, default: standard, in: 1...65_535)
        let bound = settings.string(portSetting == "GATEWAY_PORT" ? "GATEWAY_HOST" : "SERVICE_HOST") ?? "127.0.0.1"
        let host = ["0.0.0.0", "::", "localhost"].contains(bound) ? "127.0.0.1" : bound
        let name = host.contains(":") ? "[\(host)]" : host
        do {
            let request = try HTTPClient.Request(
                url: "http://\(name):\(port)/readyz",
                headTimeout: .milliseconds(1500),
                readTimeout: .milliseconds(250)
            )
            let client = HTTPClient(configuration: .init(connectTimeout: .milliseconds(250)))
            let response = try await client.send(request)
            let body = try await response.body.collect(upTo: 65_536)
            print(String(buffer: body))
            return response.status == 200
        } catch let error as HTTPClientError {
            print(error.message)
            return false
        }
    }
}
