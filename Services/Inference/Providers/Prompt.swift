import Contracts

/// What a provider is asked to go on with.
struct Prompt: Sendable {
    /// The model's name as the provider knows it, without the provider's own.
    var model: String
    var messages: [Inference.Message]
    var options = Inference.Options()
    /// How long the provider may take until its first sign of life.
    var patience = Duration.seconds(60)
}
