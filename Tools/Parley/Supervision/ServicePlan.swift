import Foundation
package import ServiceKit

/// The services to run, the executable file that contains them, and their settings.
package struct ServicePlan: Sendable {
    package let services: [ServiceKind]
    let settings: Settings
    /// Path of the executable `parley`, which runs every service with `serve`.
    let executable: String

    /// Creates a plan for all services, or for those that `only` lists, separated by commas.
    ///
    /// Throws `InvalidSetting` for an unknown service, a missing executable, and two services on one port.
    package init(settings: Settings, only: String?, executable: String = ServicePlan.ownExecutable) throws {
        let names = only?.split(separator: ",").map(String.init) ?? ServiceKind.allCases.map(\.rawValue)
        guard !names.isEmpty else {
            throw InvalidSetting("--only names no service. Name at least one, or omit the option.")
        }
        let named: [ServiceKind] = try names.map { name in
            guard let service = ServiceKind(rawValue: name) else {
                let allowed = ServiceKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidSetting("--only names \(name), which is not one of: \(allowed).")
            }
            return service
        }
        services = ServiceKind.allCases.filter { named.contains($0) }
        self.settings = settings
        self.executable = executable
        let ports = try services.map { try $0.port(settings) }
        guard Set(ports).count == ports.count else {
            throw InvalidSetting("Two services have the same port: \(ports.map(String.init).joined(separator: ", ")).")
        }
        guard access(executable, X_OK) == 0 else {
            throw InvalidSetting("The executable \(executable) is missing. Run make build.")
        }
    }

    var logDirectory: String { settings.dataDirectory + "/logs" }

    func logPath(of service: ServiceKind) -> String {
        logDirectory + "/\(service.executable).log"
    }

    /// The path of the running executable.
    package static var ownExecutable: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
    }
}
