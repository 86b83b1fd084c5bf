import Contracts
import Logging
import ServiceLifecycle
import Synchronization

/// Stores the ends of runs that could not be stored when they happened, with growing pauses between the attempts.
///
/// So every run in progress has an end, and its reservation, too. An end that fails repeatedly is stored without its
/// answer. After a restart, recovery ends these runs.
final class UnfinishedEnds: Service {
    /// Maximum size of the answers that are kept for another attempt, in bytes; further ends lose their answer.
    private static let byteLimit = 64 * 1024 * 1024
    /// Number of attempts with the answer.
    private static let attemptsWithAnswer = 4
    private static let maxPause = Duration.seconds(60)

    private struct Entry {
        var ending: FinishRun
        var failures = 0
        var due: SuspendingClock.Instant
    }

    private let store: any RunStore
    /// The pause after the first failure; it doubles after each further one.
    private let pause: Duration
    private let entries = Mutex<[Run.ID: Entry]>([:])
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation

    init(store: any RunStore, pause: Duration = .seconds(1)) {
        self.store = store
        self.pause = pause
        (signal, signaller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Number of ends that are not stored.
    var count: Int { entries.withLock { $0.count } }

    /// Adds an end; the start of the next run is not stored with it.
    func add(_ ending: FinishRun) {
        entries.withLock { entries in
            var ending = ending
            ending.next = nil
            let bytes = entries.values.reduce(ending.bytes) { $0 + $1.ending.bytes }
            if bytes > Self.byteLimit { ending = ending.withoutAnswer }
            entries[ending.run] = Entry(ending: ending, due: .now + pause)
        }
        signaller.yield()
    }

    func run() async throws {
        for await _ in signal.cancelOnGracefulShutdown() {
            while let due = entries.withLock({ $0.values.map(\.due).min() }) {
                do { try await Task.sleep(until: due, clock: .suspending) } catch { return }
                await storeDue()
            }
        }
    }

    private func storeDue() async {
        let due = entries.withLock { $0.values.filter { $0.due <= .now } }
        for entry in due {
            let run = entry.ending.run
            do {
                _ = try await store.finishRun(entry.ending)
                entries.withLock { _ = $0.removeValue(forKey: run) }
                Logger.current.notice("Run's end stored", metadata: ["run.id": "\(run)"])
            } catch {
                let metadata: Logger.Metadata = ["run.id": "\(run)", "error": "\(error)"]
                Logger.current.error("Run's end not stored; retrying", metadata: metadata)
                retry(entry, isRetryable: (error as? Fault)?.code.isRetryable == true)
            }
        }
    }

    private func retry(_ entry: Entry, isRetryable: Bool) {
        var entry = entry
        entry.failures += 1
        // A full disk says nothing about the answer.
        if !isRetryable, entry.failures >= Self.attemptsWithAnswer { entry.ending = entry.ending.withoutAnswer }
        let pause = pause * (1 << min(entry.failures, 6))
        entry.due = .now + min(pause, Self.maxPause)
        entries.withLock { $0[entry.ending.run] = entry }
    }
}

extension FinishRun {
    /// The approximate size of the answer, in bytes.
    fileprivate var bytes: Int {
        guard let answer else { return 0 }
        return answer.message.content.text.utf8.count + answer.reasoning.utf8.count
            + answer.chunks.count * MemoryLayout<RunStep.Chunk>.stride
    }

    /// The end of a run whose answer cannot be stored.
    fileprivate var withoutAnswer: FinishRun {
        var end = end
        end.status = .interrupted
        end.fault = Fault(.internal, "The answer could not be stored.")
        return FinishRun(run: run, end: end, answer: nil, lastEvent: lastEvent, moment: moment)
    }
}
