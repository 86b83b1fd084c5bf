import Synchronization

/// Cancels a call from outside its task: closes the connection of the call, so that the waiting task receives a
/// `CancellationError`; the task itself is not cancelled.
///
/// A registration with the connection; needs no task of its own.
package final class CallCanceller: Sendable {
    private struct State {
        var isCancelled = false
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Cancels the current call, and every later call with this canceller.
    package func cancel() {
        let action = state.withLock { state in
            state.isCancelled = true
            return state.action
        }
        action?()
    }

    /// Sets the action that cancels the call; runs it at once if ``cancel()`` was called before.
    func onCancel(_ action: @escaping @Sendable () -> Void) {
        let isCancelled = state.withLock { state in
            state.action = action
            return state.isCancelled
        }
        if isCancelled { action() }
    }
}
