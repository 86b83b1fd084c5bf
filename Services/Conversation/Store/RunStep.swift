import Contracts

/// A step of a run: a message and how its text was divided into events.
struct RunStep: Sendable, Equatable {
    /// A part of the step's text that was one event.
    struct Chunk: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            case text
            case reasoning
        }

        var kind: Kind
        /// Size of the text, in bytes.
        var bytes: Int
    }

    /// The message; the store sets its parent and its branch.
    var message: Message
    /// The model's reasoning, which is not part of the message's text.
    var reasoning = ""
    var chunks: [Chunk] = []
}
