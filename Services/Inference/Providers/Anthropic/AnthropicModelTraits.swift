/// The features of a model that requests must respect.
///
/// The list of models reports most of them; the rest, and everything for a server without such a list, follows from the
/// version in the name.
///
/// Source: the pages on models, thinking, effort and structured outputs of Anthropic's documentation.
struct AnthropicModelTraits: Sendable, Equatable {
    /// How a model is asked to think.
    enum ThinkingMode: Sendable {
        case unsupported
        /// With a budget in tokens.
        case budget
        /// The model decides; its effort can be set.
        case adaptive
    }

    /// Context window, in tokens.
    var window: Int
    /// The largest `max_tokens`.
    var outputLimit: Int
    var thinkingMode: ThinkingMode
    /// Whether the model thinks by default.
    var thinksByDefault = false
    /// Whether thinking can be switched off.
    var acceptsDisabledThinking = true
    /// The values of `effort`, in ascending order.
    var efforts: [String] = []
    /// Whether `temperature`, `top_p` and `top_k` are accepted.
    var acceptsSampling: Bool
    /// Whether `temperature` and `top_p` are accepted together.
    var acceptsTemperatureWithTopP: Bool
    /// Whether the last message may be the beginning of the answer.
    var acceptsPrefill: Bool
    /// Whether an answer can be required to match a schema.
    var supportsSchemas: Bool
    var supportsImages = true

    /// - Parameters:
    /// - model: the model's name without the provider.
    /// - entry: the model in the list of models.
    init(model: String, entry: AnthropicModels.Entry? = nil) {
        self.init(AnthropicModelVersion(model))
        apply(entry)
    }

    private init(_ version: AnthropicModelVersion?) {
        guard let version else {
            // A compatible server with other models: what most of them accept.
            window = 32_768
            outputLimit = 8192
            thinkingMode = .budget
            acceptsSampling = true
            acceptsTemperatureWithTopP = true
            acceptsPrefill = true
            supportsSchemas = false
            return
        }
        let number = version.number
        window = number >= 406 ? 1_000_000 : 200_000
        outputLimit =
            switch number {
            case ..<305: 4096
            case ..<307: 8192
            case 400..<405: version.isOpus ? 32_000 : 64_000
            case ..<406: 64_000
            default: 128_000
            }
        thinkingMode = number < 307 ? .unsupported : number < 406 ? .budget : .adaptive
        thinksByDefault = number >= 500
        acceptsDisabledThinking = !version.thinksAlways
        if number >= 406 { efforts = ["low", "medium", "high"] + (number >= 407 ? ["xhigh"] : []) + ["max"] }
        acceptsSampling = number < 407
        acceptsTemperatureWithTopP = number < 401
        acceptsPrefill = number < 406
        supportsSchemas = number >= 405
        supportsImages = number >= 300
    }

    private mutating func apply(_ entry: AnthropicModels.Entry?) {
        guard let entry else { return }
        if let tokens = entry.max_input_tokens, tokens > 0 { window = tokens }
        if let tokens = entry.max_tokens, tokens > 0 { outputLimit = tokens }
        guard let capabilities = entry.capabilities else { return }
        if let images = capabilities.image_input { supportsImages = images.supported }
        if let schemas = capabilities.structured_outputs { supportsSchemas = schemas.supported }
        if let effort = capabilities.effort { efforts = effort.values }
        guard let thinking = capabilities.thinking else { return }
        if !thinking.supported {
            thinkingMode = .unsupported
        } else if let types = thinking.types {
            thinkingMode =
                types.adaptive?.supported == true
                ? .adaptive : types.enabled?.supported == true ? .budget : .unsupported
            acceptsDisabledThinking = types.disabled?.supported ?? acceptsDisabledThinking
        }
    }
}
