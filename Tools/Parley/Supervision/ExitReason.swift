/// How a process ended, from the status of `waitpid`.
enum ExitReason {
    static func text(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "with exit code \((status >> 8) & 0xFF)" : "by signal \(signal)"
    }

    /// Whether the process exited by itself with an exit code other than 0.
    static func isErrorExit(_ status: Int32) -> Bool {
        status & 0x7F == 0 && (status >> 8) & 0xFF != 0
    }
}
