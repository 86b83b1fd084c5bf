extension Inference {
    /// How a model is to go about it; what is absent is the model's own default.
    ///
    /// A provider that has no such option leaves it out, as its own compatible interface would.
    package struct Options: Codable, Sendable, Hashable {
        package var maxTokens: Int?
        /// The generation ends before any of these texts.
        package var stop: [String]?
        package var temperature: Double?
        package var seed: Int?
        package var topP: Double?
        package var topK: Int?
        package var minP: Double?
        package var frequencyPenalty: Double?
        package var presencePenalty: Double?
        /// Whether the probabilities of tokens are told.
        package var logprobs: Bool?
        /// How many alternatives are told for each token.
        package var topLogprobs: Int?
        package var parallelToolCalls: Bool?
        /// How much a model that reasons is to: `none`, `minimal`, `low`, `medium`, `high` or another of its own words.
        package var reasoningEffort: String?

        package init(
            maxTokens: Int? = nil,
            stop: [String]? = nil,
            temperature: Double? = nil,
            seed: Int? = nil
        ) {
            self.maxTokens = maxTokens
            self.stop = stop
            self.temperature = temperature
            self.seed = seed
        }
    }
}
