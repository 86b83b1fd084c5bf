import Contracts
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Brings the events of going runs to the disk soon and together: what was generated is stored within 100 ms, and never
/// with a commit a token.
final class RunLog: Service {
    /// How long events gather before they are stored; the rest of the 100 ms is the disk's.
    private static let interval = Duration.milliseconds(40)

    private struct Pending {
        var batches: [Run.ID: RunEventBatch] = [:]
    }

    private let database: Database
    private let pending = Mutex(Pending())
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation

    init(database: Database) {
        self.database = database
        (signal, signaller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func append(_ line: ByteBuffer, number: Int, to run: Run) {
        let isFirst = pending.withLock { pending in
            let wasEmpty = pending.batches.isEmpty
            pending.batches[
                run.id,
                default: RunEventBatch(conversation: run.conversation, run: run.id, first: number, lines: [])
            ].lines.append(line)
            return wasEmpty
        }
        if isFirst { signaller.yield() }
    }

    /// Takes what has not been stored of a run, for the commit that ends it.
    func take(_ run: Run.ID) -> RunEventBatch? {
        pending.withLock { $0.batches.removeValue(forKey: run) }
    }

    func run() async throws {
        for await _ in signal.cancelOnGracefulShutdown() {
            // Events that come after a cancelled sleep are stored by the commits that end their runs.
            do { try await Task.sleep(for: Self.interval) } catch { return }
            await flush()
        }
    }

    private func flush() async {
        let batches = pending.withLock { pending in
            defer { pending.batches = [:] }
            return Array(pending.batches.values)
        }
        guard !batches.isEmpty else { return }
        do {
            try await database.write { database in
                for batch in batches { try RunEventRows.insert(batch, in: database) }
            }
        } catch {
            Logger.current.error(
                "Events not stored",
                metadata: ["runs.count": "\(batches.count)", "error": "\(error)"]
            )
            putBack(batches)
        }
    }

    /// Keeps what could not be stored for the next try, before what came since.
    private func putBack(_ batches: [RunEventBatch]) {
        pending.withLock { pending in
            for batch in batches {
                var whole = batch
                whole.lines += pending.batches[batch.run]?.lines ?? []
                pending.batches[batch.run] = whole
            }
        }
        signaller.yield()
    }
}
