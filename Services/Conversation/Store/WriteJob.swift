import GRDB

/// One of the writes that share a commit.
protocol WriteJob: AnyObject, Sendable {
    /// Does the work within the group's transaction.
    func perform(in database: GRDB.Database) throws
    /// The commit is on the disk.
    func succeed()
    func fail(_ error: any Error)
}

/// A write whose caller waits for its value.
///
/// `@unchecked Sendable`: `value` is touched on the writer's thread alone, where all three methods are called.
final class Write<Value: Sendable>: WriteJob, @unchecked Sendable {
    private let work: @Sendable (GRDB.Database) throws -> Value
    private let onCommit: (@Sendable (Value) -> Void)?
    private let continuation: CheckedContinuation<Value, any Error>
    private var value: Value?

    init(
        work: @escaping @Sendable (GRDB.Database) throws -> Value,
        onCommit: (@Sendable (Value) -> Void)?,
        continuation: CheckedContinuation<Value, any Error>
    ) {
        self.work = work
        self.onCommit = onCommit
        self.continuation = continuation
    }

    func perform(in database: GRDB.Database) throws {
        value = try work(database)
    }

    func succeed() {
        guard let value else { return fail(DatabaseError(message: "A commit without its work.")) }
        onCommit?(value)
        continuation.resume(returning: value)
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }
}
