import Synchronization

/// The port at which a service listens, once it does.
package final class ListeningPort: Sendable {
    private struct State {
        var port: Int?
        var waiting: [Int: CheckedContinuation<Int, any Error>] = [:]
        var nextNumber = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Waits until the service listens; throws `CancellationError` if the waiting task is cancelled.
    package func value() async throws -> Int {
        let number = state.withLock { state in
            defer { state.nextNumber += 1 }
            return state.nextNumber
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let port = state.withLock { state in
                    if state.port == nil { state.waiting[number] = continuation }
                    return state.port
                }
                if let port { return continuation.resume(returning: port) }
                // A cancellation before the continuation was stored had nothing to cancel.
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    func resolve(_ port: Int) {
        let waiting = state.withLock { state in
            state.port = port
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume(returning: port) }
    }

    private func cancel(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }
}
