import Foundation
import Glibc
import TestSupport

/// The executable of a service in a separate process that can be killed or paused.
final class ServiceProcess {
    /// The folder of this build's executables, which contains the tests as well.
    private static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    private let process = Process()
    /// The service stops when this pipe is closed, so that none outlives the tests.
    private let input = Pipe()

    /// Starts an executable with the given settings only.
    init(_ name: String, settings: [String: String]) throws {
        let own = ProcessInfo.processInfo.environment.filter { ["PATH", "LD_LIBRARY_PATH"].contains($0.key) }
        process.executableURL = Self.products.appending(path: name)
        process.environment = own.merging(settings) { $1 }.merging(["PARLEY_SUPERVISED": "1"]) { $1 }
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Kills the process and waits for its end.
    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Stops the process without ending it: the kernel still accepts connections for it.
    func pause() {
        Glibc.kill(process.processIdentifier, SIGSTOP)
    }

    func resume() {
        Glibc.kill(process.processIdentifier, SIGCONT)
    }

    deinit {
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    }
}
