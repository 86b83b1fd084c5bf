extension Inference {
    /// Generation parameters (default of each: the model's).
    ///
    /// A provider that does not support a parameter ignores it.
    package struct Options: Codable, Sendable, Hashable {
        package var maxTokens: Int?
        /// Sequences that stop the generation.
        package var stop: [String]?
        package var temperature: Double?
        package var seed: Int?
        package var topP: Double?
        package var topK: Int?
        package var minP: Double?
        package var frequencyPenalty: Double?
        package var presencePenalty: Double?
        /// Whether to return log probabilities of tokens.
        package var logprobs: Bool?
        /// Number of alternatives to return for each token.
        package var topLogprobs: Int?
        package var parallelToolCalls: Bool?
        /// Effort of a reasoning model: `none`, `minimal`, `low`, `medium`, `high` or a value specific to the model.
        package var reasoningEffort: String?
        /// Further options by their names in OpenAI's API, as a JSON object, for servers that accept them.
        package var extra: RawJSON?

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
