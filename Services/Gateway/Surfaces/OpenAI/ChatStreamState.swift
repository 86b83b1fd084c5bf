import Bus
import Contracts
import NIOCore
import Synchronization

/// What a streamed completion carries from one read to the next.
///
/// An object and not local values: those would lie in the frame of a task that waits between two tokens, copies and all.
final class ChatStreamState: Sendable {
    private struct State {
        /// What came before anybody was answered.
        var first: [ByteBuffer]?
        var chunks: ChatCompletionChunks
        var answer: StoredAnswer?
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
        state = Mutex(State(first: first, chunks: chunks, answer: chat.stored.map { _ in StoredAnswer() }))
    }

    /// Whether the end has been told.
    var isOver: Bool { state.withLock { $0.chunks.isOver } }

    /// What came before anybody was answered, once.
    func takeFirst() -> [ByteBuffer]? {
        state.withLock { state in
            defer { state.first = nil }
            return state.first
        }
    }

    /// The chunks of some events, and the end if they hold it.
    func take(_ events: [ByteBuffer]) throws -> ByteBuffer {
        try state.withLock { state throws in
            let frames = try state.chunks.frames(of: events)
            state.answer?.take(events)
            return frames
        }
    }

    /// Keeps the call as a conversation, where that was asked for.
    func store() async {
        guard let stored else { return }
        _ = await storedCompletions.store(stored, state.withLock { $0.answer?.answer }, call)
    }

    /// Counts a generation that has come to its end.
    ///
    /// Throws `cut` when it has not.
    func finish() throws {
        guard let finish = state.withLock({ $0.chunks.finish }) else {
            throw Fault(.cut, "The model's answer stopped without an end.")
        }
        metered.finish(MeteredCall.Outcome(finish))
    }

    /// Counts a generation that broke off; answers what is to be told of it.
    ///
    /// Where only its client did not hear the end, what it took is known.
    func fail(_ error: any Error) -> ByteBuffer? {
        let outcome = state.withLock { state in
            state.chunks.finish.map { MeteredCall.Outcome($0) }
                ?? .estimated(model: state.chunks.model, completionBytes: state.chunks.byteCount)
        }
        metered.finish(outcome)
        return (error as? Fault).map { ChatCompletionChunks.frame(of: $0) }
    }
}
