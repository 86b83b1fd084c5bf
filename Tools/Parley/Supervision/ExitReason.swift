/// How a process ended, from what `waitpid` says.
enum ExitReason {
    static func text(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "with exit code \((status >> 8) & 0xFF)" : "by signal \(signal)"
    }

    /// Whether it ended with an exit code other than 0, which it chose after saying why.
    static func isErrorExit(_ status: Int32) -> Bool {
        status & 0x7F == 0 && (status >> 8) & 0xFF != 0
    }
}
