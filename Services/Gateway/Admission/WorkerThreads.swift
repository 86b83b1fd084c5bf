import NIOPosix

/// Threads for CPU-bound work whose cost depends on the client's input, such as large JSON bodies.
///
/// Event loops serve all connections, so work that takes more than about a millisecond runs here instead.
enum WorkerThreads {
    /// Input of at most this size, in bytes, is processed on the caller's thread: switching threads would cost more.
    private static let inlineLimit = 131_072

    private static let pool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// Runs the work on the caller's thread if its input is small, and on a worker thread otherwise.
    static func run<Result: Sendable>(
        inputBytes: Int,
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        inputBytes <= inlineLimit ? try work() : try await pool.runIfActive(work)
    }
}
