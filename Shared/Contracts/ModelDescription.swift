/// A model with all that its provider tells of it.
package struct ModelDescription: Codable, Sendable, Hashable {
    package var model: Model
    /// The window in tokens that it was made for, which may be larger than what is asked for.
    package var fullWindow: Int?
    /// `gguf`.
    package var format: String?
    /// `llama`.
    package var family: String?
    /// `3.2B`.
    package var size: String?
    /// `Q4_K_M`.
    package var quantization: String?
    /// Its own settings, as lines.
    package var parameters: String?
    package var template: String?
    /// Who it is made to be.
    package var system: String?

    package init(model: Model) {
        self.model = model
    }
}
