import Testing

@testable import ConversationService

/// The transitions of the states of a turn.
struct TurnStateTests {
    private static let states: [TurnState] = [
        .storing(isStopRequested: false), .storing(isStopRequested: true), .queued, .claimed, .started, .running,
        .stopping, .ended,
    ]

    /// All transitions that exist: nothing else can happen.
    private static let transitions: [(TurnState, TurnState.Event, TurnState)] = [
        (.storing(isStopRequested: false), .storedAsQueued, .queued),
        (.storing(isStopRequested: false), .storedAsStarted, .started),
        (.storing(isStopRequested: false), .stopRequested, .storing(isStopRequested: true)),
        (.storing(isStopRequested: false), .ended, .ended),
        (.storing(isStopRequested: true), .storedAsQueued, .stopping),
        (.storing(isStopRequested: true), .storedAsStarted, .stopping),
        (.storing(isStopRequested: true), .stopRequested, .storing(isStopRequested: true)),
        (.storing(isStopRequested: true), .ended, .ended),
        (.queued, .stopRequested, .stopping), (.queued, .claimed, .claimed), (.queued, .taskStarted, .running),
        (.claimed, .stopRequested, .stopping), (.claimed, .claimStored, .started),
        (.claimed, .claimReleased, .queued), (.started, .stopRequested, .stopping), (.started, .taskStarted, .running),
        (.running, .stopRequested, .running), (.running, .deferred, .queued), (.running, .ended, .ended),
        (.stopping, .stopRequested, .stopping), (.stopping, .claimStored, .stopping),
        (.stopping, .claimReleased, .stopping), (.stopping, .ended, .ended),
    ]

    @Test func `only the listed transitions exist`() {
        for state in Self.states {
            for event in TurnState.Event.allCases {
                let expected = Self.transitions.first { $0.0 == state && $0.1 == event }?.2
                #expect(state.after(event) == expected, "\(state) \(event)")
            }
        }
    }

    @Test func `every state leads to the end, and a stop never leads back to the queue`() {
        for state in Self.states where state != .ended {
            var reached: [TurnState] = [state]
            var index = 0
            while index < reached.count {
                let next = TurnState.Event.allCases.compactMap { reached[index].after($0) }
                reached += next.filter { !reached.contains($0) }
                index += 1
            }
            #expect(reached.contains(.ended), "\(state)")
            if state == .stopping { #expect(!reached.contains(.queued) && !reached.contains(.running)) }
        }
    }
}
