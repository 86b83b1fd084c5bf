/// The state of a turn in the queue of its conversation.
///
/// Pure: ``LiveConversation`` reports what happened and acts on the new state.
enum TurnState: Sendable, Equatable {
    /// The question and the run are being stored.
    case storing(isStopRequested: Bool)
    /// Stored; waits for the turns before it.
    case queued
    /// The commit that ends the previous run also stores that this run starts.
    case claimed
    /// Stored as started; waits for its task.
    ///
    /// A later process treats such a run as interrupted, because a provider may have been called.
    case started
    /// Its task stores the start if needed, generates the answer and stores the end.
    case running
    /// Stopped before its task was started; its end is being stored.
    case stopping
    /// Its end is stored, or the turn could not be stored.
    case ended

    /// What happened to a turn.
    enum Event: Sendable, Equatable, CaseIterable {
        /// The question and the run are stored, the run as queued.
        case storedAsQueued
        /// The question and the run are stored, the run as started.
        case storedAsStarted
        case stopRequested
        /// The end of the previous run is about to be stored, together with the start of this run.
        case claimed
        /// The commit of a claim succeeded.
        case claimStored
        /// The commit of a claim failed.
        case claimReleased
        case taskStarted
        /// The start could not be stored; no model was called.
        case deferred
        case ended
    }

    /// The state after an event; `nil` if the event cannot happen in this state.
    func after(_ event: Event) -> TurnState? {
        switch (self, event) {
        case (.storing(false), .storedAsQueued): .queued
        case (.storing(false), .storedAsStarted): .started
        case (.storing(true), .storedAsQueued), (.storing(true), .storedAsStarted): .stopping
        case (.storing, .stopRequested): .storing(isStopRequested: true)
        case (.queued, .claimed): .claimed
        case (.claimed, .claimStored): .started
        case (.claimed, .claimReleased): .queued
        // The stop wins: a commit that stores the start of an ended run has no effect.
        case (.stopping, .claimStored), (.stopping, .claimReleased): .stopping
        case (.queued, .stopRequested), (.claimed, .stopRequested), (.started, .stopRequested): .stopping
        // Its task is cancelled and stores the end.
        case (.running, .stopRequested): .running
        case (.stopping, .stopRequested): .stopping
        case (.queued, .taskStarted), (.started, .taskStarted): .running
        case (.running, .deferred): .queued
        case (.storing, .ended), (.running, .ended), (.stopping, .ended): .ended
        default: nil
        }
    }

    /// Whether the turn's task can be started once the turns before it have ended.
    var isReady: Bool { self == .queued || self == .started }

    /// Whether the turn is stored.
    var isStored: Bool {
        if case .storing = self { false } else { self != .ended }
    }
}
