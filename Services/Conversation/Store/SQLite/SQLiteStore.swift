/// The stores of conversation-svc in one SQLite file.
///
/// Each verb of a protocol is a function in a file of its own; everything that is decided inside a commit is there, with
/// its SQL in the `…Rows` types.
struct SQLiteStore: Sendable {
    let database: Database
    /// The number of this process, which every write to a run carries; see ``RunStore``.
    let owner: Int64
}
