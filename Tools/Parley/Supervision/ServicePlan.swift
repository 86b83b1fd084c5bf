import Foundation
package import ServiceKit

/// Which services are to be up, where their executables are, and what they are started with.
package struct ServicePlan: Sendable {
    package let services: [ServiceKind]
    let settings: Settings
    /// The options that were given, passed on to every service.
    let options: [String]
    /// The folder of the executables: that of this one.
    let folder: String

    /// Throws `InvalidSetting` for a service that does not exist, an executable that is missing, or two on one port.
    package init(settings: Settings, only: String?, options: [String], folder: String = ServicePlan.ownFolder) throws {
        let names = only?.split(separator: ",").map(String.init) ?? ServiceKind.allCases.map(\.rawValue)
        guard !names.isEmpty else { throw InvalidSetting("--only names no service. Name some, or leave it out.") }
        let named: [ServiceKind] = try names.map { name in
            guard let service = ServiceKind(rawValue: name) else {
                let allowed = ServiceKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidSetting("--only names \(name), which is not one of: \(allowed).")
            }
            return service
        }
        // Each once, whatever was said.
        services = ServiceKind.allCases.filter { named.contains($0) }
        self.settings = settings
        self.options = options
        self.folder = folder
        let ports = try services.map { try $0.port(settings) }
        guard Set(ports).count == ports.count else {
            throw InvalidSetting("Two services have the same port: \(ports.map(String.init).joined(separator: ", ")).")
        }
        for service in services where access(path(of: service), X_OK) != 0 {
            throw InvalidSetting("The executable \(path(of: service)) is missing. Run make build.")
        }
    }

    func path(of service: ServiceKind) -> String {
        folder + "/" + service.executable
    }

    func logPath(of service: ServiceKind) -> String {
        settings.dataDirectory + "/logs/\(service.executable).log"
    }

    /// The folder of the running executable.
    package static var ownFolder: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    }
}
