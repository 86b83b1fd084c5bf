extension Run {
    /// How an answer is generated: the model, its parameters and its tools (default of each: the persona's, otherwise the
    /// service's).
    package struct Options: Codable, Sendable, Hashable {
        /// `provider/model` or a model name.
        package var model: String?
        package var maxTokens: Int?
        /// Sequences that stop the generation.
        package var stop: [String]?
        package var temperature: Double?
        package var seed: Int?
        package var topP: Double?
        /// Names of the tools that the model may call; `nil` for those of the persona, empty for none.
        package var tools: [String]?

        package init(
            model: String? = nil,
            maxTokens: Int? = nil,
            stop: [String]? = nil,
            temperature: Double? = nil,
            seed: Int? = nil,
            topP: Double? = nil,
            tools: [String]? = nil
        ) {
            self.model = model
            self.maxTokens = maxTokens
            self.stop = stop
            self.temperature = temperature
            self.seed = seed
            self.topP = topP
            self.tools = tools
        }

        /// The parameters of a call to the model.
        package var parameters: Inference.Options {
            var parameters = Inference.Options(maxTokens: maxTokens, stop: stop, temperature: temperature, seed: seed)
            parameters.topP = topP
            return parameters
        }
    }
}
