import Contracts
import Synchronization

/// Returns the pieces of an answer with a delay before each, and then the finish event.
///
/// Thread-safe.
final class DemoStream: Sendable {
    private struct State {
        var position = 0
        var isClosed = false
    }

    private let pieces: [Inference.Event]
    private let finish: Inference.Finish
    private let pace: Duration
    private let state = Mutex(State())

    init(pieces: [Inference.Event], finish: Inference.Finish, pace: Duration) {
        self.pieces = pieces
        self.finish = finish
        self.pace = pace
    }

    /// Returns the next piece, or the finish event; `nil` after it.
    ///
    /// The first piece is not delayed.
    func next() async throws -> [Inference.Event]? {
        let position = state.withLock { state in
            defer { state.position += 1 }
            return state.position
        }
        if (1..<max(pieces.count, 1)).contains(position), pace > .zero { try await Task.sleep(for: pace) }
        if state.withLock({ $0.isClosed }) { throw CancellationError() }
        try Task.checkCancellation()
        if position < pieces.count { return [pieces[position]] }
        return position == pieces.count ? [Inference.Event(finish: finish)] : nil
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}
