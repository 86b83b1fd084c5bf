import Contracts

/// The values of the parameters in ``ChatParameter/all``.
struct ChatParameters: Sendable {
    var options = Inference.Options()
    var maxTokens: Int?
    var maxCompletionTokens: Int?
    /// The number of answers, which must be 1.
    var choices: Int?
    var stream: Bool?
    /// Whether the completion is stored.
    var store: Bool?
}
