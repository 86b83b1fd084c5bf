import HTTP
import NIOCore

/// Queries the readiness of the running service: the health check of a container, without another program.
enum HealthCheck {
    /// Prints the answer of `/readyz` and returns whether the service is ready, after two seconds at most.
    static func query(_ service: ServiceKind, _ settings: Settings) async throws -> Bool {
        let target = HTTPTarget(host: service.host(settings), port: try service.port(settings))
        let request = HTTPClient.Request(
            target: target,
            path: "/readyz",
            headTimeout: .milliseconds(1500),
            readTimeout: .milliseconds(250)
        )
        do {
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
