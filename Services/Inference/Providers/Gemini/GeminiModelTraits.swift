/// The features of a Gemini model, derived from its name and the list of models.
///
/// Source: the pages on models, thinking and thought signatures of Google's documentation.
struct GeminiModelTraits: Sendable, Equatable {
    /// The name without `models/`, in lowercase.
    private let name: String
    /// The version, such as `2.5`; `nil` for names without a number, and for models that are not Gemini.
    private let generation: Double?
    /// Whether the model supports thinking.
    let isThinking: Bool

    /// - Parameters:
    /// - model: the model's name without the provider.
    /// - isThinking: the value in the list of models; `nil` to derive it from the name.
    init(model: String, isThinking: Bool? = nil) {
        let name = (model.hasPrefix("models/") ? String(model.dropFirst(7)) : model).lowercased()
        self.name = name
        let number = name.hasPrefix("gemini-") ? name.dropFirst(7).prefix { $0.isNumber || $0 == "." } : ""
        let generation = Double(number)
        self.generation = generation
        let isOther = ["image", "tts", "live", "audio", "embedding"].contains { name.contains($0) }
        let isKnown = generation.map { $0 >= 2.5 } ?? (name.hasPrefix("gemini-") && name.hasSuffix("-latest"))
        self.isThinking = isThinking ?? (isKnown && !isOther)
    }

    /// Whether the model supports system instructions; older open models reject them.
    var supportsSystemInstruction: Bool {
        !["gemma-1", "gemma-2", "gemma-3"].contains { name.hasPrefix($0) }
    }

    /// Whether the model rejects tool calls without a thought signature.
    var requiresSignatures: Bool {
        name.hasPrefix("gemini-") && (generation.map { $0 >= 3 } ?? true)
    }

    /// Whether the model can both call tools and be limited to JSON; older ones reject such a request.
    var supportsToolsWithJSON: Bool { name.hasPrefix("gemini-") && generation.map { $0 >= 3 } ?? false }

    /// The options for thinking.
    struct Thinking: Equatable {
        var budget: Int?
        var level: String?
        /// Whether the response includes a summary of thoughts.
        var includesThoughts = true
    }

    /// Converts a reasoning effort of OpenAI's API; `nil` for no options.
    ///
    /// Models from version 3 have levels, and older ones budgets in tokens, with the values of Google's OpenAI-compatible API.
    /// A model that cannot disable thinking gets the minimum. Unknown efforts are ignored.
    func thinking(effort: String?) -> Thinking? {
        guard isThinking else { return nil }
        guard let effort, name.hasPrefix("gemini-") else {
            // The smallest model does not think by default, and rejects the request for a summary.
            return name.contains("2.5-flash-lite") ? nil : Thinking()
        }
        if let generation, generation >= 3 { return Thinking(level: level(effort)) }
        let budget = budget(effort)
        return Thinking(budget: budget, includesThoughts: budget != 0)
    }

    private var isPro: Bool { name.contains("pro") }

    private func level(_ effort: String) -> String? {
        switch effort {
        case "none", "minimal": isPro ? "LOW" : "MINIMAL"
        case "low": "LOW"
        // The first large model supports only two levels.
        case "medium": name.hasPrefix("gemini-3-pro") ? "HIGH" : "MEDIUM"
        case "high", "xhigh", "max": "HIGH"
        default: nil
        }
    }

    private func budget(_ effort: String) -> Int? {
        switch effort {
        case "none": isPro ? 128 : 0
        case "minimal", "low": 1024
        case "medium": 8192
        case "high": 24_576
        case "xhigh", "max": isPro ? 32_768 : 24_576
        default: nil
        }
    }
}
