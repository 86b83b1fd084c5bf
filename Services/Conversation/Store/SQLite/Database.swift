import Contracts
import GRDB
import Glibc
import Logging
import Metrics
import Synchronization

/// The SQLite database: one writing connection with group commit, and reading connections that never block it.
///
/// A write returns when its commit is on disk (`synchronous=FULL`). Writes that arrive during a commit share the next
/// one, so many concurrent turns need few disk flushes.
final class Database: Sendable {
    private struct Queue {
        var waiting: [any WriteJob] = []
        var isDraining = false
    }

    static let defaultWALLimit = 32 * 1024 * 1024
    /// How long to wait for a lock held by another process, in milliseconds.
    static let busyTimeoutMilliseconds = 5000

    private let pool: DatabasePool
    private let lock: FileLock
    private let queue = Mutex(Queue())
    private let checkpointer: WALCheckpointer
    private let commits = Counter(label: "conversation.store.commits")
    private let groupSize = Recorder(label: "conversation.store.commit.writes")

    /// Opens the database file: creates it if necessary, and upgrades a file that an earlier version wrote.
    ///
    /// Throws a ``Fault`` if another process has the file open, if a newer version wrote it, or if the disk does not
    /// support `synchronous=FULL`.
    ///
    /// Above `walLimit` bytes the write-ahead log is truncated. `observer` is called with each statement that is run, for
    /// tests.
    static func open(
        at path: String,
        walLimit: Int = defaultWALLimit,
        observer: (@Sendable (String) -> Void)? = nil
    ) throws -> Database {
        let lock = try FileLock.take(path + ".lock")
        try makePrivate(path)
        do {
            try SchemaUpgrade(path: path).run()
            return try open(at: path, lock, walLimit: walLimit, observer)
        } catch let error as DatabaseError {
            throw Fault(
                .unavailable,
                """
                The conversations in \(path) cannot be opened: \(error.message ?? "\(error.resultCode)"). Put a backup in \
                their place with parley restore, or set DATA_DIR.
                """
            )
        }
    }

    private static func open(
        at path: String,
        _ lock: FileLock,
        walLimit: Int,
        _ observer: (@Sendable (String) -> Void)?
    ) throws -> Database {
        var configuration = Configuration()
        configuration.label = "conversation"
        configuration.busyMode = .timeout(Double(busyTimeoutMilliseconds) / 1000)
        configuration.maximumReaderCount = 4
        if let observer {
            configuration.prepareDatabase { database in database.trace { observer("\($0)") } }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL at the end of opening, after `prepareDatabase`, so FULL is set here and verified.
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864")
            // Checkpoints every 16 MB: fewer checkpoints, and pages that change often are written back once.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4096")
            let mode = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            guard mode == 2 else {
                throw Fault(.internal, "SQLite does not take synchronous=FULL for \(path): it says \(mode ?? -1).")
            }
            try database.inTransaction(.immediate) {
                if try SchemaVersion.of(database) == 0 { try Schema.create(in: database) }
                return .commit
            }
        }
        return Database(pool: pool, lock: lock, checkpointer: WALCheckpointer(of: path, limit: walLimit))
    }

    /// Creates the file, if it does not exist, readable by its owner only; SQLite gives its companion files the same
    /// mode.
    private static func makePrivate(_ path: String) throws {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Fault(.unavailable, "The file \(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        close(descriptor)
    }

    private init(pool: DatabasePool, lock: FileLock, checkpointer: WALCheckpointer) {
        self.pool = pool
        self.lock = lock
        self.checkpointer = checkpointer
    }

    /// Runs `work` inside the next commit and returns when the commit is on disk.
    ///
    /// Not affected by cancellation. Writes of one actor are committed in the order of the calls, because the write is
    /// queued before the first suspension.
    ///
    /// `work` runs a second time, alone, if another write of its group failed.
    ///
    /// `onCommit` is called with the value on the writer's thread after the commit, in the order of the writes. It must
    /// not block. Code after `write` returns may run in a different order.
    nonisolated(nonsending) func write<Value: Sendable>(
        _ work: @escaping @Sendable (Connection) throws(StoreError) -> Value,
        onCommit: (@Sendable (Value) -> Void)? = nil
    ) async throws -> Value {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                enqueue(Write(work: work, onCommit: onCommit, continuation: continuation))
            }
        } catch {
            throw Self.fault(error)
        }
    }

    /// Runs `work` on a snapshot, on a reading connection's thread.
    func read<Value: Sendable>(
        _ work: @escaping @Sendable (Connection) throws(StoreError) -> Value
    ) async throws -> Value {
        do {
            return try await pool.read { try work(Connection($0)) }
        } catch {
            throw Self.fault(error)
        }
    }

    /// Reads the file's schema; throws a fault if that fails.
    func checkReadable() async throws {
        _ = try await read { connection throws(StoreError) in
            try connection.value("SELECT COUNT(*) FROM sqlite_master", as: Int.self)
        }
    }

    private func enqueue(_ job: any WriteJob) {
        let isFirst = queue.withLock { queue in
            queue.waiting.append(job)
            defer { queue.isDraining = true }
            return !queue.isDraining
        }
        if isFirst { scheduleDrain() }
    }

    private func scheduleDrain() {
        pool.asyncWriteWithoutTransaction { database in self.drain(into: database) }
    }

    /// Commits all queued writes as one group; runs on the writer's thread.
    ///
    /// Writes that arrive meanwhile are scheduled separately, so that a checkpoint can run in between.
    private func drain(into database: GRDB.Database) {
        let group = queue.withLock { queue in
            defer { queue.waiting = [] }
            return queue.waiting
        }
        commits.increment()
        groupSize.record(group.count)
        commit(group, into: database)
        checkpointer.checkpointIfNeeded(pool)
        let hasMore = queue.withLock { queue in
            queue.isDraining = !queue.waiting.isEmpty
            return queue.isDraining
        }
        if hasMore { scheduleDrain() }
    }

    private func commit(_ group: [any WriteJob], into database: GRDB.Database) {
        var didJobFail = false
        do {
            try database.inTransaction(.immediate) {
                didJobFail = true
                let connection = Connection(database)
                for job in group { try job.perform(in: connection) }
                try Counters.write(connection.counts, connection)
                didJobFail = false
                return .commit
            }
        } catch  where didJobFail && group.count > 1 {
            // One write failed: commit each write alone, so that only that one fails.
            for job in group { commit([job], into: database) }
            return
        } catch {
            // The disk failed or the database is locked: all writes of the group fail.
            for job in group { job.fail(error) }
            return
        }
        for job in group { job.succeed() }
    }

    /// Returns the fault for the caller and logs the details of an unexpected failure.
    private static func fault(_ error: any Error) -> any Error {
        let storeError = StoreError(error)
        if case .cancelled = storeError { return CancellationError() }
        let fault = storeError.fault
        if fault.code == .internal {
            Logger.current.error("The database failed", metadata: ["error": "\(error)"])
        }
        return fault
    }
}
