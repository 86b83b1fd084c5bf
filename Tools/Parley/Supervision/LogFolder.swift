import Foundation
import Glibc
import ServiceKit

/// The folder of the services' logs; what has grown long is put aside, so that it never fills the disk.
struct LogFolder {
    static let limit: UInt64 = 20 * 1024 * 1024
    /// How often the lengths are looked at.
    private static let interval = Duration.seconds(60)

    let plan: ServicePlan

    /// Makes the folder.
    func prepare() throws {
        try FileManager.default.createDirectory(
            atPath: plan.settings.dataDirectory + "/logs",
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        for service in plan.services { try shorten(plan.logPath(of: service)) }
    }

    /// Keeps the logs short for as long as the task lives.
    func keepShort() async {
        while true {
            // A cancelled pause means that everything ends.
            do { try await Task.sleep(for: Self.interval) } catch { return }
            for service in plan.services {
                do { try shorten(plan.logPath(of: service)) } catch { Console.printError("parley: \(error)") }
            }
        }
    }

    /// Copies a long log to its `.1` and empties it: its service goes on writing to the same file, at its new end.
    func shorten(_ path: String) throws {
        let files = FileManager.default
        guard files.fileExists(atPath: path) else { return }
        let size = try files.attributesOfItem(atPath: path)[.size] as? UInt64 ?? 0
        guard size > Self.limit else { return }
        if files.fileExists(atPath: path + ".1") { try files.removeItem(atPath: path + ".1") }
        try files.copyItem(atPath: path, toPath: path + ".1")
        guard truncate(path, 0) == 0 else {
            throw InvalidSetting("The log \(path) cannot be emptied: \(String(cString: strerror(errno))).")
        }
    }
}
