/// What is to be known of a Gemini model before it is asked, by its name and what the list of models says of it.
///
/// Source: the models', thinking and thought-signature pages of Google's documentation.
struct GeminiModelTraits: Sendable, Equatable {
    /// The name without `models/`, in small letters.
    private let name: String
    /// `2.5`; absent for a name without a number, such as `gemini-flash-latest`, and for what is no Gemini.
    private let generation: Double?
    /// Whether the model thinks before it answers.
    let isThinking: Bool

    /// - Parameters:
    ///   - model: the model's name at Gemini.
    ///   - isThinking: whether the list of models says so; absent when it was not seen yet: the name decides.
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

    /// Whether it takes a system's instruction; the older open models refuse it.
    var supportsSystemInstruction: Bool {
        !["gemma-1", "gemma-2", "gemma-3"].contains { name.hasPrefix($0) }
    }

    /// Whether it refuses a call of a tool that has no signature of thoughts.
    var requiresSignatures: Bool {
        name.hasPrefix("gemini-") && (generation.map { $0 >= 3 } ?? true)
    }

    /// How much the model is to think, and whether it tells; `nil` to say nothing about it.
    struct Thinking: Equatable {
        var budget: Int?
        var level: String?
        /// Whether it tells a summary of what it thinks.
        var includesThoughts = true
    }

    /// What an effort in OpenAI's words means to the model.
    ///
    /// Models from 3 on have levels, older ones budgets of tokens: the numbers are those of Google's own OpenAI-compatible
    /// interface. A model that cannot stop thinking thinks as little as it can. Words that are not known are left out.
    func thinking(effort: String?) -> Thinking? {
        guard isThinking else { return nil }
        guard let effort, name.hasPrefix("gemini-") else {
            // The smallest does not think unless it is told to, and then refuses to tell.
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
        // The first of the large ones knows only two levels.
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
