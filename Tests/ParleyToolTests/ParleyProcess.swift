import Foundation
import Glibc
import TestSupport
import Testing

/// The real executable `parley`, as a process in a folder of its own.
final class ParleyProcess {
    /// The folder of this build's executables, which is that of the tests.
    static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

    let directory: String
    private let process = Process()

    /// Links the executable into the folder, so that a test can replace it there.
    init(in directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory + "/bin", withIntermediateDirectories: true)
        guard !FileManager.default.fileExists(atPath: executable) else { return }
        if Glibc.link(Self.products + "/parley", executable) == 0 { return }
        try FileManager.default.copyItem(atPath: Self.products + "/parley", toPath: executable)
    }

    var executable: String { directory + "/bin/parley" }

    /// Replaces the executable that children are started from by a shell script; the supervisor continues to run.
    ///
    /// The script can run the real executable as `$REAL`.
    func replaceExecutable(by script: String) throws {
        let path = executable + ".script"
        let text = "#!/bin/sh\nREAL=\(Self.products)/parley\n" + script
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o755)
        #expect(rename(path, executable) == 0)
    }

    /// Starts `parley` with these arguments; its output goes to the file `output`.
    func start(_ arguments: [String], environment: [String: String] = [:]) throws {
        let path = directory + "/output"
        try Data().write(to: URL(filePath: path))
        let output = try #require(FileHandle(forWritingAtPath: path))
        var variables = ProcessInfo.processInfo.environment.filter { $0.key == "PATH" || $0.key == "LD_LIBRARY_PATH" }
        variables.merge(environment) { $1 }
        variables["DATA_DIR"] = directory + "/data"
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = variables
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    var output: String {
        get throws { try String(contentsOfFile: directory + "/output", encoding: .utf8) }
    }

    /// The log of a service, by the name of its executable.
    func log(_ name: String) -> String {
        String(
            decoding: FileManager.default.contents(atPath: "\(directory)/data/logs/\(name).log") ?? Data(),
            as: UTF8.self
        )
    }

    /// Waits until the output contains a text as often as `times`.
    func waitForOutput(_ text: String, times: Int = 1, within limit: Duration = .seconds(60)) async throws {
        do {
            try await eventually("“\(text)”", within: limit) { try count(text) >= times }
        } catch {
            Issue.record("The output is: \(try output)")
            throw error
        }
    }

    func count(_ text: String) throws -> Int {
        try output.ranges(of: text).count
    }

    /// The process id of a child, by the short name of its service.
    func child(_ service: String) throws -> pid_t {
        try #require(children()[service])
    }

    /// The running children, by the short names of their services.
    func children() throws -> [String: pid_t] {
        var found: [String: pid_t] = [:]
        for pid in try childIDs() {
            let words = Self.commandLine(pid)
            guard let serve = words.firstIndex(of: "serve"), serve + 1 < words.count else { continue }
            found[words[serve + 1]] = pid
        }
        return found
    }

    /// Waits for a child that runs a program, and returns its process id.
    func child(running program: String) async throws -> pid_t {
        var found: pid_t?
        try await eventually("A child that runs \(program)") {
            found = try childIDs().first { Self.commandLine($0).first == program }
            return found != nil
        }
        return try #require(found)
    }

    private func childIDs() throws -> [pid_t] {
        let path = "/proc/\(process.processIdentifier)/task"
        return try FileManager.default.contentsOfDirectory(atPath: path).flatMap { thread in
            let list = FileManager.default.contents(atPath: "\(path)/\(thread)/children") ?? Data()
            return String(decoding: list, as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
        }
    }

    /// The arguments of a process.
    static func commandLine(_ pid: pid_t) -> [String] { strings("cmdline", pid) }

    /// The environment with which a process was started.
    static func environment(_ pid: pid_t) -> [String] { strings("environ", pid) }

    private static func strings(_ file: String, _ pid: pid_t) -> [String] {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    func send(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// Waits for the end of the process and returns its exit code.
    func exitCode(within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await eventually("The end of parley", within: limit) { !process.isRunning }
        return process.terminationStatus
    }

    /// Waits for the end of the process, and expects an exit code.
    func expectExit(code: Int32, within limit: Duration = .seconds(60)) async throws {
        let actual = try await exitCode(within: limit)
        let output = try output
        #expect(actual == code, "The output is: \(output)")
    }

    /// Kills the process; its children shut down when their pipes close.
    func discard() {
        if process.isRunning { send(SIGKILL) }
    }

    /// Whether a process is running, not only waiting to be collected.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 else { return false }
        let status = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
        return !String(decoding: status, as: UTF8.self).contains(") Z ")
    }
}
