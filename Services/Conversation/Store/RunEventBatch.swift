import Contracts
import NIOCore

/// Consecutive events of a run that are stored together, as lines of JSON.
struct RunEventBatch: Sendable {
    var run: Run.ID
    /// The number of the first event.
    var first: Int
    var lines: [ByteBuffer]
    /// The model that generates the answer, stored with the first text for recovery.
    var model: String?
}
