import Foundation
import Glibc
import TestSupport
import Testing

/// The real executable `parley`, in a folder of its own, with real services or small programs in their place beside it.
final class ParleyProcess {
    /// Where this build's executables are: beside the tests.
    static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

    let directory: String
    private let process = Process()

    /// Lays the folder out; stand-ins are shell programs in the place of services, by the executable's name.
    init(in directory: String, replacements: [String: String] = [:]) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory + "/bin", withIntermediateDirectories: true)
        for name in ["parley", "media-svc", "transcription-svc"] where replacements[name] == nil {
            try Self.link(name, into: directory + "/bin")
        }
        for (name, program) in replacements {
            let path = "\(directory)/bin/\(name)"
            try ("#!/bin/sh\n" + program).write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o755)
        }
    }

    /// The supervisor looks for the services beside itself, so it is linked, not pointed to.
    private static func link(_ name: String, into folder: String) throws {
        let source = "\(products)/\(name)"
        let target = "\(folder)/\(name)"
        if Glibc.link(source, target) == 0 { return }
        guard !FileManager.default.fileExists(atPath: target) else { return }
        try FileManager.default.copyItem(atPath: source, toPath: target)
    }

    /// Starts `parley` with these arguments; what it says goes to the file `output`.
    func start(_ arguments: [String], environment: [String: String] = [:]) throws {
        let path = directory + "/output"
        try Data().write(to: URL(filePath: path))
        let output = try #require(FileHandle(forWritingAtPath: path))
        var variables = ProcessInfo.processInfo.environment.filter { $0.key == "PATH" || $0.key == "LD_LIBRARY_PATH" }
        variables.merge(environment) { $1 }
        variables["DATA_DIR"] = directory + "/data"
        process.executableURL = URL(filePath: directory + "/bin/parley")
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

    /// Waits until it has said something.
    func waitForOutput(_ text: String, times: Int = 1) async throws {
        do {
            try await eventually("“\(text)”", within: .seconds(30)) { try count(text) >= times }
        } catch {
            Issue.record("It said: \(try output)")
            throw error
        }
    }

    func count(_ text: String) throws -> Int {
        try output.ranges(of: text).count
    }

    /// The process id of the one child with this name.
    func child(_ name: String) throws -> pid_t {
        try #require(children()[name])
    }

    /// Its children that run, by the executable's name.
    func children() throws -> [String: pid_t] {
        let path = "/proc/\(process.processIdentifier)/task"
        var found: [String: pid_t] = [:]
        for thread in try FileManager.default.contentsOfDirectory(atPath: path) {
            let list = try String(contentsOfFile: "\(path)/\(thread)/children", encoding: .utf8)
            for pid in list.split(separator: " ").compactMap({ pid_t($0) }) {
                let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
                guard let first = line.split(separator: 0).first else { continue }
                found[URL(filePath: String(decoding: first, as: UTF8.self)).lastPathComponent] = pid
            }
        }
        return found
    }

    func send(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// Waits for its end and returns its exit code.
    func exitCode() async throws -> Int32 {
        try await eventually("The end of parley", within: .seconds(30)) { !process.isRunning }
        return process.terminationStatus
    }

    /// Waits for its end, which is to be with this exit code.
    func expectExit(code: Int32) async throws {
        let actual = try await exitCode()
        let said = try output
        #expect(actual == code, "It said: \(said)")
    }

    /// Sees to it that nothing stays, whatever happened: the children follow when their pipe closes.
    func discard() {
        if process.isRunning { send(SIGKILL) }
    }

    /// Whether a process is there and not just waiting to be collected.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 else { return false }
        let status = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
        return !String(decoding: status, as: UTF8.self).contains(") Z ")
    }
}
