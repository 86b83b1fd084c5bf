import Contracts
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Brings the events of going runs to the disk soon and together: what was generated is stored within 100 ms, and never
/// with a commit a token.
final class RunEventWriter: Service {
    /// How often is looked for events that have gathered for long enough.
    ///
    /// Together with their minimumAge it leaves the disk its share of the 100 ms. An answer that is made faster goes to the disk
    /// with its run's end, and only so.
    private static let interval = Duration.milliseconds(25)
    private static let minimumAge = Duration.milliseconds(40)
    /// How long a disk that refuses is left alone.
    private static let retryInterval = Duration.seconds(1)

    private struct Pending {
        var batch: RunEventBatch
        var since: ContinuousClock.Instant
        var liveRun: LiveRun?
    }

    private let database: Database
    private let pending = Mutex<[Run.ID: Pending]>([:])
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation

    init(database: Database) {
        self.database = database
        (signal, signaller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func append(_ line: ByteBuffer, number: Int, to liveRun: LiveRun) {
        let isFirst = pending.withLock { pending in
            let wasEmpty = pending.isEmpty
            let run = liveRun.run.id
            let batch = RunEventBatch(run: run, first: number, lines: [])
            pending[run, default: Pending(batch: batch, since: .now, liveRun: liveRun)].batch.lines.append(line)
            return wasEmpty
        }
        if isFirst { signaller.yield() }
    }

    /// Takes what has not been stored of a run, for the commit that ends it.
    func takePending(_ run: Run.ID) -> RunEventBatch? {
        pending.withLock { $0.removeValue(forKey: run)?.batch }
    }

    /// Keeps what could not be stored for the next try, in its order.
    func requeue(_ batches: [RunEventBatch], liveRuns: [Run.ID: LiveRun] = [:]) {
        pending.withLock { pending in
            for batch in batches {
                let other = pending[batch.run]
                var parts = [batch, other?.batch].compactMap(\.self).sorted { $0.first < $1.first }
                var whole = parts.removeFirst()
                for part in parts { whole.lines += part.lines }
                let liveRun = other?.liveRun ?? liveRuns[batch.run]
                pending[batch.run] = Pending(batch: whole, since: .now, liveRun: liveRun)
            }
        }
        signaller.yield()
    }

    func run() async throws {
        var failures = 0
        for await _ in signal.cancelOnGracefulShutdown() {
            while !pending.withLock(\.isEmpty) {
                // Events that come after a cancelled sleep are stored by the commits that end their runs.
                do { try await Task.sleep(for: failures > 0 ? Self.retryInterval : Self.interval) } catch { return }
                failures = await flush() ? 0 : failures + 1
                if failures == 1 { Logger.current.error("Events of going runs cannot be stored; trying on.") }
            }
        }
    }

    /// Stores what has gathered for long enough; answers whether the disk took it.
    private func flush() async -> Bool {
        let cutoff = ContinuousClock.now - Self.minimumAge
        let taken = pending.withLock { pending in
            let ready = pending.filter { $0.value.since <= cutoff }
            for run in ready.keys { pending[run] = nil }
            return ready.values
        }
        let batches = taken.map(\.batch)
        guard !batches.isEmpty else { return true }
        // With the first text it is known which model answers.
        let begun = taken.filter { $0.batch.first == 2 }.compactMap { taken in
            taken.liveRun?.model.map { (taken.batch.run, $0) }
        }
        do {
            try await database.write { database in
                for batch in batches { try RunEventRows.insert(batch, in: database) }
                for (run, model) in begun { try RunRows.setModel(model, of: run, in: database) }
            }
            for pending in taken {
                pending.liveRun?.markStored(through: pending.batch.first + pending.batch.lines.count - 1)
            }
            return true
        } catch {
            Logger.current.debug("Events not stored", metadata: ["error": "\(error)"])
            let liveRuns = taken.compactMap(\.liveRun).map { ($0.run.id, $0) }
            requeue(batches, liveRuns: Dictionary(liveRuns) { $1 })
            return false
        }
    }
}
