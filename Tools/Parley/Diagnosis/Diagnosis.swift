import Bus
import Contracts
import Foundation
import Glibc
import HTTP
import NIOCore
import ServiceKit

/// Looks at a house from outside and says how it stands.
struct Diagnosis: Sendable {
    /// One thing that was looked at.
    struct Finding: Sendable {
        var isHealthy: Bool
        var subject: String
        /// How it stands and, if that is not well, what to do.
        var message: String

        var line: String { "\(isHealthy ? "ok   " : "FAIL ")  \(subject): \(message)" }
    }

    let settings: Settings

    func findings() async -> [Finding] {
        var findings = [configured(), data(), authentication(), descriptors()]
        findings.append(secret("the bus secret", settings.busToken))
        findings.append(secret("the token secret", settings.jwtSecret))
        let client = HTTPClient(configuration: .init(connectTimeout: .seconds(1)))
        for service in ServiceKind.allCases { findings.append(await ask(service, client)) }
        findings += await providers(client)
        return findings
    }

    /// What is not as it is by default.
    private func configured() -> Finding {
        let set = Settings.known.compactMap { setting -> String? in
            guard let value = settings.string(setting.name) else { return nil }
            // A URL may carry a password before its @.
            return "\(setting.name)=\(setting.isSecret || value.contains("@") ? "…" : value)"
        }
        return Finding(
            isHealthy: true,
            subject: "the settings",
            message: set.isEmpty ? "all are as they are by default." : set.joined(separator: ", ")
        )
    }

    private func authentication() -> Finding {
        let host = settings.string("GATEWAY_HOST") ?? "127.0.0.1"
        let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        let mode = settings.string("AUTH_MODE")?.lowercased() ?? (isLoopback ? "open" : "required")
        let isAllowed = ["true", "1", "yes"].contains(settings.string("ALLOW_INSECURE")?.lowercased() ?? "")
        let isHealthy = ["required", "open", "off"].contains(mode) && (isLoopback || mode == "required" || isAllowed)
        return Finding(
            isHealthy: isHealthy,
            subject: "authentication",
            message: "\(mode), on \(host)." + (isHealthy ? "" : " Set AUTH_MODE=required, or GATEWAY_HOST to loopback.")
        )
    }

    private func data() -> Finding {
        let path = settings.dataDirectory
        let isWritable = access(path, W_OK) == 0
        return Finding(
            isHealthy: isWritable,
            subject: "the data folder",
            message: isWritable ? path : "\(path) cannot be written. Make it, or set DATA_DIR."
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
        let message = "\(limit.rlim_max) may be open at once"
        return Finding(
            isHealthy: isEnough,
            subject: "files and sockets",
            message: isEnough ? message + "." : message + "; raise it to 4096 or more with ulimit -n."
        )
    }

    private func ask(_ service: ServiceKind, _ client: HTTPClient) async -> Finding {
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
                message: "\(error.message) Start it with parley up, or look into \(settings.dataDirectory)/logs."
            )
        } catch {
            return Finding(isHealthy: false, subject: subject, message: "\(error)")
        }
    }

    private func providers(_ client: HTTPClient) async -> [Finding] {
        do {
            let service = ServiceKind.inference
            let target = HTTPTarget(host: service.host(settings), port: try service.port(settings))
            let bus = try HTTPBus(
                peer: service.executable,
                urls: ["http://\(target.authority)"],
                token: try settings.busToken(),
                client: client
            )
            return try await ProviderDiagnosis(bus: bus).findings()
        } catch {
            return [Finding(isHealthy: false, subject: "providers", message: "inference-svc cannot be asked for them.")]
        }
    }
}
