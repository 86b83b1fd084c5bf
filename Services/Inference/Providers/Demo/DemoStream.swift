import Contracts
import Synchronization

/// Hands out words at a steady pace, then the finish.
final class DemoStream: Sendable {
    private struct State {
        var position = 0
        var isClosed = false
    }

    private let words: [String]
    private let finish: Inference.Finish
    private let pace: Duration
    private let state = Mutex(State())

    init(words: [String], finish: Inference.Finish, pace: Duration) {
        self.words = words
        self.finish = finish
        self.pace = pace
    }

    /// The next word, the first one at once, or the finish; `nil` after it.
    func next() async throws -> [Inference.Event]? {
        let position = state.withLock { state in
            defer { state.position += 1 }
            return state.position
        }
        if (1..<max(words.count, 1)).contains(position), pace > .zero { try await Task.sleep(for: pace) }
        if state.withLock({ $0.isClosed }) { throw CancellationError() }
        try Task.checkCancellation()
        if position < words.count { return [Inference.Event(text: words[position])] }
        return position == words.count ? [Inference.Event(finish: finish)] : nil
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}
