import Bus
import Contracts
import NIOCore

/// A request for a generation, as a provider receives it.
struct Prompt: Sendable {
    /// The model's name without the provider.
    var model: String
    /// A JSON array of ``Inference/Message``; providers that accept this format receive it unchanged.
    var messages: ByteBuffer
    /// The decoded messages, if one of them has more than a role and a text.
    var parsedMessages: [Inference.Message]?
    var options = Inference.Options()
    /// The tools, the choice among them and the format of the answer.
    var plan = ToolPlan()
    /// Whether all messages are instructions.
    var hasOnlyInstructions = false
    /// Maximum time until the provider's first output.
    var responseTimeout = Duration.seconds(60)
    /// Maximum size of one event of the response, or of a response that is one object, in bytes.
    var eventLimit = GenerationTimeouts.defaultEventBytes
    /// How long text is collected into one event, after the first event.
    var gather: Duration?

    /// The size of everything that the caller sent, in bytes.
    var inputBytes: Int { messages.readableBytes + plan.byteCount }

    /// The messages, decoded.
    func decodedMessages() throws -> [Inference.Message] {
        try parsedMessages ?? BusCoding.decode([Inference.Message].self, from: messages)
    }
}
