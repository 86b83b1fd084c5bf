import Foundation

/// What `parley up` tells its child processes through their environment.
package enum SupervisedProcess {
    /// `1` in a process that `parley up` started: standard input closes when the supervisor is gone, and the environment
    /// holds all settings, so that `.env` is not read.
    package static let marker = "PARLEY_SUPERVISED"
    /// A random text that `/readyz` returns as `instance`, so that the supervisor recognizes its own child on a port.
    package static let instanceVariable = "PARLEY_INSTANCE"
    /// The file that standard error is written to; the process rotates it.
    package static let logFileVariable = "PARLEY_LOG_FILE"

    /// Whether `parley up` started this process.
    static var isSupervised: Bool { isSupervised(ProcessInfo.processInfo.environment) }

    static func isSupervised(_ environment: [String: String]) -> Bool { environment[marker] == "1" }

    /// The text that `/readyz` returns; `nil` outside of `parley up`.
    static let instance = ProcessInfo.processInfo.environment[instanceVariable]

    /// The path of the log file; `nil` outside of `parley up`.
    static let logFile = ProcessInfo.processInfo.environment[logFileVariable]
}
