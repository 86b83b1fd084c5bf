/// A slot for the continuation of the one task that may wait for an event.
///
/// A second waiter is a programming error. It traps in debug builds and receives ``ConcurrentWaitError`` in release
/// builds. The first waiter keeps its place in both cases.
package struct SingleWaiter<Value: Sendable> {
    private var slot = SingleSlot<CheckedContinuation<Value, any Error>>()

    package init() {}

    /// Whether a task waits.
    package var isWaiting: Bool { !slot.isEmpty }

    /// Stores the continuation of a task until ``resume(returning:)`` or ``resume(throwing:)`` is called.
    package mutating func wait(_ continuation: CheckedContinuation<Value, any Error>) {
        guard !slot.insert(continuation) else { return }
        assertionFailure("A second task waits for the same event.")
        continuation.resume(throwing: ConcurrentWaitError())
    }

    /// Resumes the waiting task, if any.
    package mutating func resume(returning value: Value) {
        slot.take()?.resume(returning: value)
    }

    /// Resumes the waiting task, if any, with an error.
    package mutating func resume(throwing error: any Error) {
        slot.take()?.resume(throwing: error)
    }
}

extension SingleWaiter<Void> {
    /// Resumes the waiting task, if any.
    package mutating func resume() {
        resume(returning: ())
    }
}

/// Two tasks waited for the same event, for which only one task may wait.
package struct ConcurrentWaitError: Error {
    package init() {}
}
