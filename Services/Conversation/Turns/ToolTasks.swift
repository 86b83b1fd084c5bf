import HTTP
import Metrics
import Synchronization

/// Runs tools in tasks of their own, so that a tool that ignores its cancellation does not hold its run.
final class ToolTasks: Sendable {
    /// A tool that did not end: it was cancelled, and its result will be discarded.
    struct Abandoned: Error {}

    /// Maximum number of abandoned tools that have not ended; beyond it, no tool is started.
    static let abandonedLimit = 64

    private struct State {
        var tasks: [UInt64: Task<Void, Never>] = [:]
        var next: UInt64 = 0
        var abandoned = 0
    }

    /// Maximum duration of a tool, unless its run ends earlier.
    let limit: Duration
    /// How long a tool may continue after its cancellation.
    private let grace: Duration
    private let state = Mutex(State())

    init(limit: Duration = .seconds(150), grace: Duration = .seconds(1)) {
        self.limit = limit
        self.grace = grace
    }

    /// Number of tools that have not ended.
    var count: Int { state.withLock { $0.tasks.count } }

    /// Runs a tool until a deadline, and cancels it if the caller is cancelled.
    ///
    /// Throws ``Abandoned`` if the tool does not end soon after its cancellation, and what the tool throws.
    func run(
        until deadline: ContinuousClock.Instant,
        _ tool: @escaping @Sendable () async throws -> ToolResult
    ) async throws -> ToolResult {
        guard state.withLock({ $0.abandoned }) < Self.abandonedLimit else {
            return ToolResult(text: "The tool was not run: too many tools have not ended. Try again later.")
        }
        let end = ToolEnd()
        let task = start(end, tool)
        let watch = Task { await self.watch(task, end, until: deadline) }
        return try await withTaskCancellationHandler {
            defer { watch.cancel() }
            return try await end.result()
        } onCancel: {
            watch.cancel()
        }
    }

    private func start(
        _ end: ToolEnd,
        _ tool: @escaping @Sendable () async throws -> ToolResult
    ) -> Task<Void, Never> {
        state.withLock { state in
            let id = state.next
            state.next += 1
            let task = Task(executorPreference: EventLoopTaskExecutor.current) {
                let result: Result<ToolResult, any Error>
                do { result = .success(try await tool()) } catch { result = .failure(error) }
                let wasAbandoned = !end.resolve(result)
                self.state.withLock { state in
                    state.tasks[id] = nil
                    if wasAbandoned { state.abandoned -= 1 }
                }
            }
            state.tasks[id] = task
            return task
        }
    }

    /// Waits for the deadline or for its own cancellation; then cancels a tool that has not ended, and abandons it after
    /// the grace period.
    private func watch(_ task: Task<Void, Never>, _ end: ToolEnd, until deadline: ContinuousClock.Instant) async {
        do { try await Task.sleep(until: deadline, clock: .continuous) } catch {}
        guard !end.isResolved else { return }
        task.cancel()
        // A cancelled task cannot sleep.
        await Task { [grace] in
            do { try await Task.sleep(for: grace) } catch {}
        }.value
        // Counted first: the tool may end between the two lines.
        state.withLock { $0.abandoned += 1 }
        guard end.resolve(.failure(Abandoned())) else { return state.withLock { $0.abandoned -= 1 } }
        Counter(label: "conversation.tools.abandoned").increment()
    }
}

/// The first result of a tool.
private final class ToolEnd: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<ToolResult, any Error>)
        case resolved(Result<ToolResult, any Error>)
    }

    private let state = Mutex(State.open)

    var isResolved: Bool {
        state.withLock { state in
            if case .resolved = state { true } else { false }
        }
    }

    /// Sets the result; returns `false` if there is one.
    func resolve(_ result: Result<ToolResult, any Error>) -> Bool {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<ToolResult, any Error>?) in
            switch state {
            case .resolved: return (false, nil)
            case .open:
                state = .resolved(result)
                return (true, nil)
            case .waiting(let waiter):
                state = .resolved(result)
                return (true, waiter)
            }
        }
        waiter?.resume(with: result)
        return isFirst
    }

    /// Waits for the result; called once.
    func result() async throws -> ToolResult {
        try await withCheckedThrowingContinuation { continuation in
            let known = state.withLock { state -> Result<ToolResult, any Error>? in
                if case .resolved(let result) = state { return result }
                state = .waiting(continuation)
                return nil
            }
            if let known { continuation.resume(with: known) }
        }
    }
}
