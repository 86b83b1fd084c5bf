import Foundation
import Glibc
import TestSupport

/// The real executable of a service, in a process of its own that can be killed.
final class ServiceProcess {
    /// Where this build's executables are: beside the tests.
    private static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    private let process = Process()
    /// A service ends when this does, so that none outlives the tests.
    private let leash = Pipe()

    /// Starts an executable with these settings and no others.
    init(_ name: String, settings: [String: String]) throws {
        let own = ProcessInfo.processInfo.environment.filter { ["PATH", "LD_LIBRARY_PATH"].contains($0.key) }
        process.executableURL = Self.products.appending(path: name)
        process.environment = own.merging(settings) { $1 }.merging(["PARLEY_SUPERVISED": "1"]) { $1 }
        process.standardInput = leash
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Ends it at once, as `kill -9` does, and waits until it is gone.
    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    deinit {
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    }
}
