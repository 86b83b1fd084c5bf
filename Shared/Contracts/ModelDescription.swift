/// A model with its provider's details.
package struct ModelDescription: Codable, Sendable, Hashable {
    package var model: Model
    /// The context window that the model was trained for, in tokens; requests may use a smaller one.
    package var fullWindow: Int?
    /// `gguf`.
    package var format: String?
    /// `llama`.
    package var family: String?
    /// `3.2B`.
    package var size: String?
    /// `Q4_K_M`.
    package var quantization: String?
    /// The model's default parameters, one per line.
    package var parameters: String?
    package var template: String?
    /// The system prompt.
    package var system: String?

    package init(model: Model) {
        self.model = model
    }
}
