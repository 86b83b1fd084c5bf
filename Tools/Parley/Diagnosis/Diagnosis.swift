import Bus
import Foundation
import GatewayService
import Glibc
import HTTP
import InferenceService
import NIOCore
import ServiceKit

/// Checks the settings, the stored conversations, the services and the providers.
struct Diagnosis: Sendable {
    /// The result of one check.
    struct Finding: Sendable {
        var isHealthy: Bool
        var subject: String
        /// The state of the subject and, if it is not healthy, what to do.
        var message: String

        var line: String { "\(isHealthy ? "ok  " : "FAIL")  \(subject): \(message)" }
    }

    let settings: Settings

    func findings() async -> [Finding] {
        var findings = [configuration(), dataFolder(), authentication(), models(), descriptors()]
        findings += DatabaseDiagnosis(directory: settings.dataDirectory).findings()
        findings.append(secret("the bus secret", settings.busToken))
        findings.append(secret("the token secret", settings.jwtSecret))
        let client = HTTPClient(configuration: .init(connectTimeout: .seconds(1)))
        for service in ServiceKind.allCases { findings.append(await readiness(of: service, client)) }
        findings += await providers(client)
        findings += await tools(client)
        return findings
    }

    /// The settings that differ from their defaults.
    private func configuration() -> Finding {
        let set = Settings.known.filter { settings.string($0.name) != nil }
            .map { "\($0.name)=\(settings.displayValue($0.name))" }
        return Finding(
            isHealthy: true,
            subject: "the settings",
            message: set.isEmpty ? "all have their defaults." : set.joined(separator: ", ")
        )
    }

    private func authentication() -> Finding {
        let subject = "authentication"
        do {
            let (mode, host) = try GatewayService.authentication(settings: settings)
            return Finding(isHealthy: true, subject: subject, message: "\(mode), on \(host).")
        } catch {
            return Finding(isHealthy: false, subject: subject, message: "\(error)")
        }
    }

    /// Whether the servers of models are configured as the start of inference-svc accepts them.
    private func models() -> Finding {
        let subject = "the servers of models"
        do {
            try InferenceService.check(settings: settings)
            return Finding(isHealthy: true, subject: subject, message: "their configuration is valid.")
        } catch {
            return Finding(isHealthy: false, subject: subject, message: "\(error)")
        }
    }

    private func dataFolder() -> Finding {
        let path = settings.dataDirectory
        let isWritable = access(path, W_OK) == 0
        return Finding(
            isHealthy: isWritable,
            subject: "the data folder",
            message: isWritable ? path : "\(path) is not writable. Create it, or set DATA_DIR."
        )
    }

    private func secret(_ subject: String, _ read: () throws -> String) -> Finding {
        do {
            _ = try read()
            return Finding(isHealthy: true, subject: subject, message: "is set.")
        } catch {
            return Finding(isHealthy: false, subject: subject, message: "\(error)")
        }
    }

    private func descriptors() -> Finding {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let isEnough = limit.rlim_max >= 4096
        let message = "at most \(limit.rlim_max) can be open"
        return Finding(
            isHealthy: isEnough,
            subject: "files and sockets",
            message: isEnough ? message + "." : message + "; raise the limit to 4096 or more with ulimit -n."
        )
    }

    private func readiness(of service: ServiceKind, _ client: HTTPClient) async -> Finding {
        let subject = service.executable
        do {
            let port = try service.port(settings)
            let request = HTTPClient.Request(
                target: HTTPTarget(host: service.host(settings), port: port),
                path: "/readyz",
                headTimeout: .seconds(2),
                readTimeout: .seconds(2)
            )
            let response = try await client.send(request)
            let body = String(buffer: try await response.body.collect(upTo: 65_536))
            let isReady = response.status == 200
            return Finding(
                isHealthy: isReady,
                subject: subject,
                message: isReady ? "ready on port \(port)." : "not ready on port \(port): \(body)"
            )
        } catch let error as HTTPClientError {
            return Finding(
                isHealthy: false,
                subject: subject,
                message: "\(error.message) Start it with parley up, or read the logs in \(settings.dataDirectory)/logs."
            )
        } catch {
            return Finding(isHealthy: false, subject: subject, message: "\(error)")
        }
    }

    private func providers(_ client: HTTPClient) async -> [Finding] {
        do {
            return try await ProviderDiagnosis(bus: bus(to: .inference, client)).findings()
        } catch {
            return [Finding(isHealthy: false, subject: "providers", message: "inference-svc does not list them.")]
        }
    }

    private func tools(_ client: HTTPClient) async -> [Finding] {
        do {
            return try await ToolDiagnosis(bus: bus(to: .conversation, client)).findings()
        } catch {
            return [Finding(isHealthy: false, subject: "tools", message: "conversation-svc does not list them.")]
        }
    }

    private func bus(to service: ServiceKind, _ client: HTTPClient) throws -> HTTPBus {
        let target = HTTPTarget(host: service.host(settings), port: try service.port(settings))
        return try HTTPBus(
            peer: service.executable,
            urls: ["http://\(target.authority)"],
            token: try settings.busToken(),
            client: client
        )
    }
}
