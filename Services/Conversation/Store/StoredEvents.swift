import Contracts
import NIOCore

/// What is stored of a run's events.
enum StoredEvents: Sendable {
    /// A finished run, whose events are rebuilt from its steps.
    case finished(FinishedRun)
    /// A page of events of a run in progress, as lines of JSON.
    case inProgress([ByteBuffer])
    case missing
}
