import Foundation
import HTTP
import NIOCore
import ServiceKit

/// Queries `/readyz` of one child process.
struct HealthProbe: Sendable {
    /// Maximum duration of a query; an idle service answers within about a second, a busy one may take longer.
    private static let limit = Duration.seconds(5)

    enum Result: Sendable {
        /// The child is ready.
        case ready
        /// The child answers that it is not ready.
        case notReady
        /// Another program answers on the port.
        case otherProgram
        /// Nothing listens on the port.
        case refused
        /// The connection was accepted, but there was no answer in time.
        case timedOut
    }

    private struct Report: Decodable {
        var instance: String?
    }

    let client: HTTPClient
    let request: HTTPClient.Request
    /// The text that the child returns.
    let instance: String

    init(_ process: ChildProcess, settings: Settings, client: HTTPClient) throws {
        self.client = client
        instance = process.instance
        let service = process.service
        request = HTTPClient.Request(
            target: HTTPTarget(host: service.host(settings), port: try service.port(settings)),
            path: "/readyz",
            headTimeout: Self.limit,
            readTimeout: Self.limit
        )
    }

    func run() async -> Result {
        await withTaskGroup(of: Result.self) { group in
            group.addTask { await query() }
            group.addTask {
                // A cancelled sleep means that the query has answered.
                do { try await Task.sleep(for: Self.limit) } catch { return .timedOut }
                return .timedOut
            }
            defer { group.cancelAll() }
            return await group.next() ?? .timedOut
        }
    }

    private func query() async -> Result {
        do {
            let response = try await client.send(request)
            defer { response.body.close() }
            let body = try await response.body.collect(upTo: 65_536)
            let report = try JSONDecoder().decode(Report.self, from: Data(body.readableBytesView))
            guard report.instance == instance else { return .otherProgram }
            return response.status == 200 ? .ready : .notReady
        } catch let error as HTTPClientError {
            return switch error.kind {
            case .connect: .refused
            case .protocolViolation, .tooLarge: .otherProgram
            default: .timedOut
            }
        } catch is DecodingError {
            return .otherProgram
        } catch {
            return .timedOut
        }
    }
}
