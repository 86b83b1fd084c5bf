import Synchronization

/// Where a service listens, once it does.
package final class ListeningPort: Sendable {
    private struct State {
        var port: Int?
        var waiting: [Int: CheckedContinuation<Int, any Error>] = [:]
        var nextNumber = 0
    }

    private let state = Mutex(State())

    /// Begins as not listening.
    package init() {}

    /// Waits until the service listens, and throws `CancellationError` when the waiting task is cancelled.
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
                // A cancellation that came before the continuation found nobody waiting.
                if Task.isCancelled { giveUp(number) }
            }
        } onCancel: {
            giveUp(number)
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

    private func giveUp(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }
}
