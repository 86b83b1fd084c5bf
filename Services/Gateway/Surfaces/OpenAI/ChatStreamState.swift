import Bus
import Contracts
import NIOCore
import Synchronization

/// The state of a streamed completion.
///
/// A class: local variables of the streaming function would enlarge the frame of each waiting task.
final class ChatStreamState: Sendable {
    private struct State {
        /// The batch that arrived before the response started.
        var first: [ByteBuffer]?
        var chunks: ChatCompletionChunks
        var answer: StoredAnswerCollector?
    }

    private let stored: StoredCompletion?
    private let storedCompletions: StoredCompletionWriter
    private let call: CallContext
    private let metered: MeteredCall
    private let state: Mutex<State>

    init(
        _ chat: ChatCompletionRequest,
        first: [ByteBuffer],
        _ storedCompletions: StoredCompletionWriter,
        _ call: CallContext,
        _ metered: MeteredCall
    ) {
        stored = chat.stored
        self.storedCompletions = storedCompletions
        self.call = call
        self.metered = metered
        let chunks = ChatCompletionChunks(includesUsage: chat.includesUsage)
        state = Mutex(State(first: first, chunks: chunks, answer: chat.stored.map { _ in StoredAnswerCollector() }))
    }

    /// Whether the last chunk was encoded.
    var isFinished: Bool { state.withLock { $0.chunks.isFinished } }

    /// Returns the batch that arrived before the response started, once.
    func takeFirst() -> [ByteBuffer]? {
        state.withLock { state in
            defer { state.first = nil }
            return state.first
        }
    }

    /// Returns the chunks of the events.
    func take(_ events: [ByteBuffer]) throws -> ByteBuffer {
        try state.withLock { state throws in
            let frames = try state.chunks.frames(of: events)
            state.answer?.add(events)
            return frames
        }
    }

    /// Stores the completion if the client asked for it.
    func store() async {
        guard let stored else { return }
        _ = await storedCompletions.store(stored, state.withLock { $0.answer?.answer }, call)
    }

    /// Meters a completed generation.
    ///
    /// Throws `cut` if the generation has no end.
    func finish() throws {
        guard let finish = state.withLock({ $0.chunks.finish }) else {
            throw Fault(.cut, "The model's response stopped before it was complete.")
        }
        metered.finish(MeteredCall.Outcome(finish))
    }

    /// Meters a failed generation and returns the last frame, if there is one to send.
    ///
    /// If only the client disconnected after the end, the reported usage is known.
    func fail(_ error: any Error) -> ByteBuffer? {
        let outcome = state.withLock { state in
            state.chunks.finish.map { MeteredCall.Outcome($0) }
                ?? .estimated(model: state.chunks.model, completionBytes: state.chunks.byteCount)
        }
        metered.finish(outcome)
        return (error as? Fault).map { ChatCompletionChunks.frame(of: $0) }
    }
}
