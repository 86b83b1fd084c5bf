/// A write that is committed together with others.
protocol WriteJob: AnyObject, Sendable {
    /// Runs inside the transaction of the group.
    func perform(in connection: Connection) throws(StoreError)
    /// Called after the commit is on disk.
    func succeed()
    func fail(_ error: any Error)
}

/// A write whose caller waits for its value.
///
/// `@unchecked Sendable` is safe because `value` is accessed only on the writer's thread, on which all three methods
/// are called.
final class Write<Value: Sendable>: WriteJob, @unchecked Sendable {
    private let work: @Sendable (Connection) throws(StoreError) -> Value
    private let onCommit: (@Sendable (Value) -> Void)?
    private let continuation: CheckedContinuation<Value, any Error>
    private var value: Value?

    init(
        work: @escaping @Sendable (Connection) throws(StoreError) -> Value,
        onCommit: (@Sendable (Value) -> Void)?,
        continuation: CheckedContinuation<Value, any Error>
    ) {
        self.work = work
        self.onCommit = onCommit
        self.continuation = continuation
    }

    func perform(in connection: Connection) throws(StoreError) {
        value = try work(connection)
    }

    func succeed() {
        guard let value else { return fail(StoreError.unreadable("the commit did not run the write")) }
        onCommit?(value)
        continuation.resume(returning: value)
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }
}
