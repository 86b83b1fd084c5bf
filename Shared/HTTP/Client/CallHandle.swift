import Synchronization

/// Lets somebody else than its caller end a call: the connection behind it is closed at once, and whoever waits for the
/// answer, or reads its stream, gets a `CancellationError`; their task goes on.
///
/// It costs no task: it is a registration with the connection.
package final class CallHandle: Sendable {
    private struct State {
        var isLeft = false
        var end: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Ends the call, or any that is yet to be made with this handle.
    package func leave() {
        let end = state.withLock { state in
            state.isLeft = true
            return state.end
        }
        end?()
    }

    /// Says how the call is ended; at once when that was asked for before.
    func onLeave(_ end: @escaping @Sendable () -> Void) {
        let isLeft = state.withLock { state in
            state.end = end
            return state.isLeft
        }
        if isLeft { end() }
    }
}
