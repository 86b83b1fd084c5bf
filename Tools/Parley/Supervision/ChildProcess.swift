import Foundation
import Glibc
import ServiceKit

/// A service as a child process, in a process group of its own, with its output in a log file.
///
/// Its standard input is a pipe; the child shuts down when the pipe closes.
struct ChildProcess: Sendable {
    let service: ServiceKind
    let pid: pid_t
    /// A random text that the child returns in `/readyz`.
    let instance: String
    private let pipe: Int32
    private let logPath: String
    /// Size of the log file when the child was started, in bytes.
    private let logStart: UInt64

    /// Starts a service; throws `InvalidSetting` if the system cannot create the process.
    static func start(_ service: ServiceKind, plan: ServicePlan) throws -> ChildProcess {
        let logPath = plan.logPath(of: service)
        try LogFolder(plan: plan).rotate(logPath)
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw failure("pipe to \(service.executable)", errno) }
        // Children are started one after another, so no child inherits the pipe of another one before this.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        do {
            let log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard log >= 0 else { throw failure("log file \(logPath)", errno) }
            defer { close(log) }
            let start = UInt64(max(0, lseek(log, 0, SEEK_END)))
            let instance =
                String(UInt64.random(in: .min ... .max), radix: 36)
                + String(UInt64.random(in: .min ... .max), radix: 36)
            let environment = ChildEnvironment(service: service, plan: plan, instance: instance)
            let pid = try spawn(
                plan.executable,
                ["serve", service.rawValue],
                environment.variables(),
                input: ends[0],
                output: log
            )
            return ChildProcess(
                service: service,
                pid: pid,
                instance: instance,
                pipe: ends[1],
                logPath: logPath,
                logStart: start
            )
        } catch {
            close(ends[1])
            throw error
        }
    }

    func send(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Closes the pipe, after the process has exited.
    func closePipe() {
        close(pipe)
    }

    /// The last lines of its output.
    func lastLines(_ count: Int) -> [Substring] {
        guard let file = FileHandle(forReadingAtPath: logPath) else { return [] }
        defer { file.closeFile() }
        let end = file.seekToEndOfFile()
        // After a rotation the file may be shorter than it was at the start.
        file.seek(toFileOffset: max(logStart <= end ? logStart : 0, end > 16_384 ? end - 16_384 : 0))
        let text = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
        return Array(text.split(separator: "\n").suffix(count))
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String],
        input: Int32,
        output: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        var none = sigset_t()
        sigemptyset(&none)
        // Ctrl-C in the terminal reaches only the supervisor, which shuts its children down in order.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, path, &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw failure("process \(path)", code) }
        return pid
    }

    private static func failure(_ object: String, _ code: Int32) -> InvalidSetting {
        InvalidSetting("The system cannot create the \(object): \(String(cString: strerror(code))).")
    }
}
