import Contracts
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Stores the events of runs in progress in batches, within 100 ms and with one commit for many runs.
final class RunEventWriter: Service {
    /// How often events are checked for their age.
    ///
    /// Together with `minimumAge` it leaves time for the commit within the 100 ms. The events of a faster answer are
    /// stored only with the end of its run.
    private static let interval = Duration.milliseconds(25)
    private static let minimumAge = Duration.milliseconds(40)
    /// Delay before the next attempt after a failed write.
    private static let retryInterval = Duration.seconds(1)

    private struct Pending {
        var batch: RunEventBatch
        var since: SuspendingClock.Instant
        var liveRun: LiveRun?
    }

    private let store: any RunStore
    private let pending = Mutex<[Run.ID: Pending]>([:])
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation

    init(store: any RunStore) {
        self.store = store
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

    /// Removes and returns the unstored events of a run, for the commit that finishes it.
    func takePending(_ run: Run.ID) -> RunEventBatch? {
        pending.withLock { $0.removeValue(forKey: run)?.batch }
    }

    /// Returns unstored events to the queue for the next attempt, in order.
    func requeue(_ batches: [RunEventBatch], liveRuns: [Run.ID: LiveRun] = [:]) {
        pending.withLock { pending in
            for batch in batches {
                let other = pending[batch.run]
                var parts = [batch, other?.batch].compactMap(\.self).sorted { $0.first < $1.first }
                var whole = parts.removeFirst()
                for part in parts {
                    whole.lines += part.lines
                    whole.model = part.model ?? whole.model
                }
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
                // Events appended after cancellation are stored by the commits that finish their runs.
                do { try await Task.sleep(for: failures > 0 ? Self.retryInterval : Self.interval) } catch { return }
                failures = await flush() ? 0 : failures + 1
                if failures == 1 { Logger.current.error("Events of runs cannot be stored; retrying") }
            }
        }
    }

    /// Stores the events that are old enough; returns whether the write succeeded.
    private func flush() async -> Bool {
        let cutoff = SuspendingClock.now - Self.minimumAge
        let taken = pending.withLock { pending in
            let ready = pending.filter { $0.value.since <= cutoff }
            for run in ready.keys { pending[run] = nil }
            return ready.values
        }
        guard !taken.isEmpty else { return true }
        // The model is known when the first text arrives.
        let batches = taken.map { pending in
            var batch = pending.batch
            batch.model = pending.liveRun?.takeModel() ?? batch.model
            return batch
        }
        do {
            try await store.appendEvents(batches)
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
