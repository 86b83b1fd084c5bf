import Contracts
import Logging
import ServiceLifecycle
import Synchronization

/// Takes over the runs that an earlier process left unfinished, in the background and in batches.
///
/// A started run becomes `interrupted` with its stored steps and text, because a provider must not be called twice and a
/// tool must not be run twice. A queued run is started. A conversation that is used before its turn comes is recovered
/// first.
actor RunRecovery: Service {
    private static let batch = 50
    private static let retryInterval = Duration.seconds(1)

    private let store: any RunStore
    private let resumptions: ResumptionQueue
    private let runWriter: RunWriter
    /// The ends of runs that were taken over and are not stored yet.
    private var endings: [InterruptedEnd] = []
    /// The last piece of work; the pieces exclude each other.
    private var last: Task<Void, Never>?
    private nonisolated let state = Mutex(false)

    init(store: any RunStore, resumptions: ResumptionQueue, runWriter: RunWriter) {
        self.store = store
        self.resumptions = resumptions
        self.runWriter = runWriter
    }

    /// Whether nothing of an earlier process is left.
    nonisolated var isComplete: Bool { state.withLock { $0 } }

    /// Recovers all conversations; returns early at shutdown.
    nonisolated func run() async throws {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                do {
                    try await self.recoverAll()
                    break
                } catch {
                    failures += 1
                    if failures == 1 {
                        let metadata: Logger.Metadata = ["error": "\(error)"]
                        Logger.current.error("Runs of an earlier process not recovered; retrying", metadata: metadata)
                    }
                    do { try await Task.sleep(for: Self.retryInterval, clock: .suspending) } catch { return }
                }
            }
            // A service that returns ends the process.
            do { try await Task.sleep(for: .seconds(315_360_000)) } catch {}
        }
    }

    private nonisolated func recoverAll() async throws {
        var (interrupted, resumed) = (0, 0)
        while case let count = try await exclusively({ try await self.interruptBatch(of: nil) }), count > 0 {
            interrupted += count
        }
        while case let found = try await store.takeQueuedRuns(of: nil, limit: Self.batch), !found.isEmpty {
            resumptions.add(found)
            resumed += found.count
        }
        try await store.deleteOrphanedReservations()
        state.withLock { $0 = true }
        guard interrupted + resumed > 0 else { return }
        Logger.current.notice(
            "Recovered runs of an earlier process",
            metadata: ["runs.interrupted": "\(interrupted)", "runs.resumed": "\(resumed)"]
        )
    }

    /// Finishes the started runs of a conversation and takes over its queued ones.
    nonisolated func recover(_ conversation: Conversation.ID) async throws {
        guard !isComplete else { return }
        while try await exclusively({ try await self.interruptBatch(of: conversation) }) > 0 {}
        while try await !store.takeQueuedRuns(of: conversation, limit: Self.batch).isEmpty {}
    }

    /// Finishes a batch of started runs; returns their number.
    private func interruptBatch(of conversation: Conversation.ID?) async throws -> Int {
        try await storeEndings()
        let taken = try await store.takeInterruptedRuns(of: conversation, limit: Self.batch)
        endings = taken.map(InterruptedEnd.init)
        try await storeEndings()
        return taken.count
    }

    /// Stores the ends in one commit; if the store reports that this can never succeed, each one alone.
    private func storeEndings() async throws {
        guard !endings.isEmpty else { return }
        for index in endings.indices {
            while let result = endings[index].missingResults.first {
                let number = endings[index].lastEvent + 1
                _ = try await store.appendStep(result, event: number, to: endings[index].run)
                endings[index].didStoreResult()
            }
        }
        let finished = endings.map { $0.finish(by: runWriter) }
        do {
            try await store.finishRuns(finished)
        } catch let fault as Fault where !fault.code.isRetryable {
            for ending in finished { await finishAlone(ending) }
        }
        endings = []
    }

    private func finishAlone(_ ending: FinishRun) async {
        do {
            _ = try await store.finishRun(ending)
        } catch {
            let metadata: Logger.Metadata = ["run.id": "\(ending.run)", "error": "\(error)"]
            Logger.current.error("End of an interrupted run not stored", metadata: metadata)
            runWriter.unfinished.add(ending)
        }
    }

    /// Runs pieces of work one after the other: a conversation must not be loaded while its runs are being finished.
    private func exclusively<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { [last] in
            await last?.value
            return try await work()
        }
        last = Task { _ = await task.result }
        return try await task.value
    }
}
