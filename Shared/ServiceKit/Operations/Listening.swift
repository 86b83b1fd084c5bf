import Contracts
import Synchronization

/// Where a service listens, once it does.
package final class Listening: Sendable {
    private struct State {
        var port: Int?
        var waiting: [CheckedContinuation<Int, any Error>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Waits until the service listens. Throws when it never will.
    package func port() async throws -> Int {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let port = state.withLock { state in
                    if state.port == nil { state.waiting.append(continuation) }
                    return state.port
                }
                if let port { continuation.resume(returning: port) }
                if Task.isCancelled { giveUp() }
            }
        } onCancel: {
            giveUp()
        }
    }

    func announce(_ port: Int) {
        let waiting = state.withLock { state in
            state.port = port
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: port) }
    }

    private func giveUp() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(throwing: CancellationError()) }
    }
}
