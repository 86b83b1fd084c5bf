import Foundation
import ServiceKit

/// The folder of the services' logs; a log that has grown long is put aside when its service is started anew.
struct LogFolder {
    private static let limit: UInt64 = 20 * 1024 * 1024

    let plan: ServicePlan

    func prepare() throws {
        let files = FileManager.default
        let folder = plan.settings.dataDirectory + "/logs"
        try files.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700]
        )
        for service in plan.services {
            let path = plan.logPath(of: service)
            guard files.fileExists(atPath: path) else { continue }
            let size = try files.attributesOfItem(atPath: path)[.size] as? UInt64 ?? 0
            guard size > Self.limit else { continue }
            if files.fileExists(atPath: path + ".1") { try files.removeItem(atPath: path + ".1") }
            try files.moveItem(atPath: path, toPath: path + ".1")
        }
    }
}
