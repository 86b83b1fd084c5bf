import Contracts
import GRDB
import Glibc
import Logging
import Metrics
import Synchronization

/// The file where everything is kept: one writing connection that commits in groups, and readers that never block it.
///
/// A write is acknowledged when its commit is on the disk (`synchronous=FULL`). Whatever waits while a commit goes to the
/// disk shares the next one, so many turns at once cost few flushes.
final class Database: Sendable {
    private struct Queue {
        var waiting: [any WriteJob] = []
        var isDraining = false
    }

    /// For how many milliseconds a lock of another program is waited for.
    static let busyTimeoutMilliseconds = 5000

    private let pool: DatabasePool
    private let lock: FileLock
    private let queue = Mutex(Queue())
    private let checkpointer: WALCheckpointer
    private let commits = Counter(label: "conversation.store.commits")
    private let groupSize = Recorder(label: "conversation.store.commit.writes")

    /// Opens the file, making it if need be, and brings its schema up to date.
    ///
    /// Throws a ``Fault`` when another process has it open or the disk cannot be made to keep its promise.
    static func open(at path: String, walLimit: Int = 32 * 1024 * 1024) throws -> Database {
        let lock = try FileLock.take(path + ".lock")
        try makePrivate(path)
        do {
            return try open(at: path, lock, walLimit: walLimit)
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

    private static func open(at path: String, _ lock: FileLock, walLimit: Int) throws -> Database {
        var configuration = Configuration()
        configuration.label = "conversation"
        configuration.busyMode = .timeout(Double(busyTimeoutMilliseconds) / 1000)
        configuration.maximumReaderCount = 4
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL while it opens, after anything a configuration can prepare: so it is set here, and checked.
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864")
            // Checkpoints of 16 MB: fewer of them, and pages that change often are written back once.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4096")
            let mode = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            guard mode == 2 else {
                throw Fault(.internal, "SQLite does not take synchronous=FULL for \(path): it says \(mode ?? -1).")
            }
        }
        try Schema.migrator.migrate(pool)
        return Database(pool: pool, lock: lock, checkpointer: WALCheckpointer(of: path, limit: walLimit))
    }

    /// Makes the file if it is not there, for its owner's eyes only; SQLite gives the files beside it the same mode.
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

    /// Runs `work` within the next commit and answers when that is on the disk.
    ///
    /// Not undone by cancellation. Writes of one actor are committed in the order in which it asks for them: the place in
    /// the line is taken before anything is waited for.
    ///
    /// `work` may be run a second time, alone, when another of its group failed.
    ///
    /// `onCommit` is told the value once the commit is on the disk, on the writer's thread and so in the order of the
    /// writes; it must not wait for anything. Whoever told of a value after this has returned might overtake another.
    nonisolated(nonsending) func write<Value: Sendable>(
        _ work: @escaping @Sendable (GRDB.Database) throws -> Value,
        onCommit: (@Sendable (Value) -> Void)? = nil
    ) async throws -> Value {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                enqueue(Write(work: work, onCommit: onCommit, continuation: continuation))
            }
        } catch let error as DatabaseError {
            throw Self.fault(error)
        }
    }

    /// Runs `work` on a snapshot, on a thread of the readers.
    func read<Value: Sendable>(_ work: @escaping @Sendable (GRDB.Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(work)
        } catch let error as DatabaseError {
            throw Self.fault(error)
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

    /// Commits what waits, in one group; runs on the writer's thread.
    ///
    /// What has come meanwhile is left for another turn on that thread, so that the care of the log gets its turn as well.
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
                for job in group { try job.perform(in: database) }
                didJobFail = false
                return .commit
            }
        } catch  where didJobFail && group.count > 1 {
            // One of them cannot be done: each is tried alone, so that the others do not suffer.
            for job in group { commit([job], into: database) }
            return
        } catch {
            // The disk, or a lock: what holds for one holds for all.
            for job in group { job.fail(error) }
            return
        }
        for job in group { job.succeed() }
    }

    private static func fault(_ error: DatabaseError) -> any Error {
        switch error.resultCode {
        case .SQLITE_FULL:
            Fault(.full, "The disk with the conversations is full: nothing was stored. Make room and try again.")
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY:
            Fault(.unavailable, "The disk with the conversations cannot be written: nothing was stored.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            Fault(.unavailable, "The conversations are locked by another program: nothing was stored.", retryAfter: 1)
        default: error
        }
    }
}
