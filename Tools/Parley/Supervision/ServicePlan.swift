import Foundation
package import ServiceKit

/// Which services are to be up, where their executables are, and what they are started with.
package struct ServicePlan: Sendable {
    package let services: [HouseService]
    let settings: Settings
    /// The options that were given, passed on to every service.
    let options: [String]
    /// The folder of the executables: that of this one.
    let folder: String

    /// Throws `SettingFault` for a service that does not exist, an executable that is missing, or two on one port.
    package init(settings: Settings, only: String?, options: [String], folder: String = ServicePlan.ownFolder) throws {
        let names = only?.split(separator: ",").map(String.init) ?? HouseService.allCases.map(\.rawValue)
        guard !names.isEmpty else { throw SettingFault("--only names no service. Name some, or leave it out.") }
        let named: [HouseService] = try names.map { name in
            guard let service = HouseService(rawValue: name) else {
                let allowed = HouseService.allCases.map(\.rawValue).joined(separator: ", ")
                throw SettingFault("--only names \(name), which is not one of: \(allowed).")
            }
            return service
        }
        // Each once, whatever was said.
        services = HouseService.allCases.filter { named.contains($0) }
        self.settings = settings
        self.options = options
        self.folder = folder
        let ports = try services.map { try $0.port(settings) }
        guard Set(ports).count == ports.count else {
            throw SettingFault("Two services have the same port: \(ports.map(String.init).joined(separator: ", ")).")
        }
        for service in services where access(path(of: service), X_OK) != 0 {
            throw SettingFault("The executable \(path(of: service)) is missing. Run make build.")
        }
    }

    func path(of service: HouseService) -> String {
        folder + "/" + service.executable
    }

    func logPath(of service: HouseService) -> String {
        settings.dataDirectory + "/logs/\(service.executable).log"
    }

    /// The folder of the running executable.
    package static var ownFolder: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    }
}
