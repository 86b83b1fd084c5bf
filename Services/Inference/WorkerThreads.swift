import NIOPosix

/// Threads for CPU-bound work whose cost depends on the caller's input.
///
/// Event loops serve all connections, so work that takes more than about a millisecond runs here instead. The work must
/// be bounded, because a thread that has started it cannot be interrupted. DNS and files use another pool.
enum WorkerThreads {
    /// Input of at most this size, in bytes, is processed on the caller's thread: switching threads would cost more.
    static let inlineLimit = 65_536

    private static let pool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// Runs the work on a worker thread.
    ///
    /// Throws the work's error, or `CancellationError` if the task is cancelled before the work starts.
    static func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await pool.runIfActive(work)
    }

    /// Runs the work on the caller's thread if its input is small, and on a worker thread otherwise.
    static func run<Result: Sendable>(
        inputBytes: Int,
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        inputBytes <= inlineLimit ? try work() : try await run(work)
    }
}
