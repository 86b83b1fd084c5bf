import Bus
import Contracts
import NIOCore

/// What a provider is asked to go on with.
struct Prompt: Sendable {
    /// The model's name as the provider knows it, without the provider's own.
    var model: String
    /// An array of ``Inference/Message`` as JSON; whoever speaks that form passes it on without looking.
    var messages: ByteBuffer
    /// The same messages read, when they hold more than a role and a text each.
    var parsedMessages: [Inference.Message]?
    var options = Inference.Options()
    /// An array of tools in OpenAI's form, as JSON.
    var tools: ByteBuffer?
    /// Which tool to call, in OpenAI's form, as JSON.
    var toolChoice: ByteBuffer?
    /// In which form to answer, in OpenAI's form, as JSON.
    var responseFormat: ByteBuffer?
    /// How long the provider may take until its first sign of life.
    var responseTimeout = Duration.seconds(60)
    /// For how long text may gather into one event, after the first.
    var gather: Duration?
    /// Whether nobody reads along: the provider may answer in one piece.
    var isUnary = false

    /// The messages, for who must read them.
    func decodedMessages() throws -> [Inference.Message] {
        try parsedMessages ?? BusCoding.decode([Inference.Message].self, from: messages)
    }
}
