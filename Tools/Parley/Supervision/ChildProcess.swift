import Foundation
import Glibc
import ServiceKit

/// A service as a child process: in a process group of its own, its output in a log file, and at the other end of a pipe
/// whose closing makes it drain.
struct ChildProcess: Sendable {
    let service: ServiceKind
    let pid: pid_t
    private let pipe: Int32
    private let logPath: String
    /// Where in the log its lines begin.
    private let logStart: UInt64

    /// Starts the service.
    ///
    /// Throws `InvalidSetting` when the system cannot.
    static func start(_ service: ServiceKind, plan: ServicePlan) throws -> ChildProcess {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw failure("pipe to \(service.executable)", errno) }
        // Children are started one after another, so none inherits the other's end in between.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let log = open(plan.logPath(of: service), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw failure("log \(plan.logPath(of: service))", errno) }
        defer {
            close(ends[0])
            close(log)
        }
        let start = UInt64(max(0, lseek(log, 0, SEEK_END)))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO)
        var pid: pid_t = 0
        let code = spawn(&pid, plan.path(of: service), plan.options, &actions)
        guard code == 0 else {
            close(ends[1])
            throw failure("process \(plan.path(of: service))", code)
        }
        return ChildProcess(
            service: service,
            pid: pid,
            pipe: ends[1],
            logPath: plan.logPath(of: service),
            logStart: start
        )
    }

    func send(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Lets go of the pipe, once the process is gone.
    func closePipe() {
        close(pipe)
    }

    /// The last lines that it wrote.
    func lastLines(_ count: Int) -> [Substring] {
        guard let file = FileHandle(forReadingAtPath: logPath) else { return [] }
        defer { file.closeFile() }
        let end = file.seekToEndOfFile()
        // A log that was put aside is shorter than it was at the start.
        file.seek(toFileOffset: max(logStart <= end ? logStart : 0, end > 16_384 ? end - 16_384 : 0))
        let text = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
        return Array(text.split(separator: "\n").suffix(count))
    }

    private static func spawn(
        _ pid: inout pid_t,
        _ path: String,
        _ options: [String],
        _ actions: inout posix_spawn_file_actions_t
    ) -> Int32 {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        var none = sigset_t()
        sigemptyset(&none)
        // The terminal's Ctrl-C is for the supervisor, which then drains its children in order.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var environment = ProcessInfo.processInfo.environment
        environment["PARLEY_SUPERVISED"] = "1"
        var arguments = ([path] + options).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        return posix_spawn(&pid, path, &actions, &attributes, &arguments, &variables)
    }

    private static func failure(_ what: String, _ code: Int32) -> InvalidSetting {
        InvalidSetting("The system gives no \(what): \(String(cString: strerror(code))).")
    }
}
