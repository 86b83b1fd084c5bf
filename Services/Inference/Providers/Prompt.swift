import Bus
import Contracts
import NIOCore

/// What a provider is asked to go on with.
struct Prompt: Sendable {
    /// The model's name as the provider knows it, without the provider's own.
    var model: String
    /// An array of ``Inference/Message`` as JSON; whoever speaks that form passes it on without looking.
    var messages: ByteBuffer
    var options = Inference.Options()
    /// How long the provider may take until its first sign of life.
    var patience = Duration.seconds(60)
    /// For how long text may gather into one event, after the first.
    var gather: Duration?

    /// The messages, for who must read them.
    func decodedMessages() throws -> [Inference.Message] {
        try BusCoding.decode([Inference.Message].self, from: messages)
    }
}
