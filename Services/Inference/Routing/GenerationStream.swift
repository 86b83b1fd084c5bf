import Bus
import Contracts
import HTTP
import NIOCore
import NIOPosix
import Synchronization

/// The stream of ``Inference/Generate``: opened at once, it reports the wait until the answer begins.
///
/// Thread-safe.
final class GenerationStream: Sendable {
    /// The interval between signs of life, and between looks at the place in a queue.
    private static let heartbeat = Duration.seconds(3)
    private static let queueInterval = Duration.milliseconds(500)

    /// Waits for the beginning of an answer, and reports the progress meanwhile.
    typealias Begin = @Sendable (@escaping @Sendable (AdmissionRequest.Progress) -> Void) async throws -> Generation

    private enum Phase {
        case waiting
        case begun(Generation)
        case failed(any Error)
        case closed
    }

    private enum Step {
        case events([Inference.Event])
        case read(Generation)
        case fail(any Error)
        case wait(Duration)
    }

    private struct State {
        var phase = Phase.waiting
        /// Events about the wait, at most one for each attempt.
        var pending: [Inference.Event] = []
        var ticket: ProviderQueue.Ticket?
        var lastPosition: Int?
        var lastSign = ContinuousClock.now
        var waiter = SingleWaiter<Void>()
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Starts `begin` in a task of its own, which ends with the stream at the latest.
    init(_ begin: @escaping Begin) {
        let task = Task(executorPreference: EventLoopTaskExecutor.current) { [weak self] in
            let result = await Self.result(of: begin) { [weak self] in self?.note($0) }
            if let self { return settle(result) }
            if case .success(let generation) = result { generation.cancel() }
        }
        state.withLock { if case .waiting = $0.phase { $0.task = task } }
    }

    private static func result(
        of begin: Begin,
        _ report: @escaping @Sendable (AdmissionRequest.Progress) -> Void
    ) async -> Result<Generation, any Error> {
        do { return .success(try await begin(report)) } catch { return .failure(error) }
    }

    deinit { close() }

    /// The events as a stream.
    var events: ElementStream<Inference.Event> {
        ElementStream(next: { try await self.next() }, close: { self.close() })
    }

    func next() async throws -> [Inference.Event]? {
        while true {
            switch state.withLock({ Self.step(&$0, at: .now) }) {
            case .read(let generation): return try await generation.next()
            case .events(let events): return events
            case .fail(let error): throw error
            case .wait(let limit): try await wait(atMost: limit)
            }
        }
    }

    /// Cancels the attempts, or the generation.
    func close() {
        let (phase, task) = state.withLock { state in
            defer {
                state.phase = .closed
                state.task = nil
            }
            return (state.phase, state.task)
        }
        task?.cancel()
        if case .begun(let generation) = phase { generation.cancel() }
    }

    private static func step(_ state: inout State, at now: ContinuousClock.Instant) -> Step {
        if !state.pending.isEmpty {
            defer { state.pending = [] }
            state.lastSign = now
            return .events(state.pending)
        }
        switch state.phase {
        case .begun(let generation): return .read(generation)
        case .failed(let error): return .fail(error)
        case .closed: return .fail(CancellationError())
        case .waiting: break
        }
        let position = state.ticket?.position
        guard position != state.lastPosition || now - state.lastSign >= heartbeat else {
            return .wait(min(state.ticket == nil ? heartbeat : queueInterval, heartbeat - (now - state.lastSign)))
        }
        state.lastPosition = position
        state.lastSign = now
        var event = Inference.Event()
        event.progress = Inference.Progress(queuePosition: position)
        return .events([event])
    }

    /// Waits until something has happened, at most for a time.
    private func wait(atMost limit: Duration) async throws {
        let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(limit)) { self.wake() }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    // What has happened meanwhile is not waited for.
                    guard case .waiting = state.phase, state.pending.isEmpty, !Task.isCancelled else {
                        return continuation.resume()
                    }
                    state.waiter.wait(continuation)
                }
            }
        } onCancel: {
            state.withLock { $0.waiter.resume(throwing: CancellationError()) }
        }
        try Task.checkCancellation()
    }

    private func wake() { state.withLock { $0.waiter.resume() } }

    private func note(_ progress: AdmissionRequest.Progress) {
        state.withLock { state in
            switch progress {
            case .queued(let ticket): state.ticket = ticket
            case .leftQueue:
                guard state.ticket != nil else { return }
                state.ticket = nil
            case .failed(let attempt):
                var event = Inference.Event()
                event.progress = Inference.Progress(attempt: attempt)
                state.pending.append(event)
            }
            state.waiter.resume()
        }
    }

    private func settle(_ result: Result<Generation, any Error>) {
        let isClosed = state.withLock { state in
            state.task = nil
            if case .closed = state.phase { return true }
            switch result {
            case .success(let generation): state.phase = .begun(generation)
            case .failure(let error): state.phase = .failed(error)
            }
            state.waiter.resume()
            return false
        }
        if isClosed, case .success(let generation) = result { generation.cancel() }
    }
}
