/// How a request asks the model to think.
struct AnthropicThinking: Equatable, Sendable {
    enum Mode: Equatable, Sendable {
        /// What the model does by itself.
        case standard
        case budget(Int)
        case adaptive
        case disabled
    }

    /// The smallest budget that Anthropic accepts, in tokens.
    private static let smallestBudget = 1024

    private(set) var mode = Mode.standard
    /// The value of `effort`.
    private(set) var effort: String?

    /// Converts a reasoning effort of OpenAI's API.
    ///
    /// - Parameters:
    /// - effort: the effort; unknown ones are ignored.
    /// - maxTokens: the limit of the answer, which includes the thinking.
    /// - isForced: whether the model must call a tool, which excludes thinking.
    /// - lacksThinking: whether an answer that calls tools lacks its thinking, which excludes a budget.
    init(
        effort: String?,
        traits: AnthropicModelTraits,
        maxTokens: Int,
        isForced: Bool = false,
        lacksThinking: Bool = false
    ) {
        guard traits.thinkingMode != .unsupported, let level = effort.flatMap(Self.level) else {
            if isForced { disable(traits) }
            return
        }
        switch traits.thinkingMode {
        case .budget where !lacksThinking && !isForced && level > 0: setBudget(level, maxTokens)
        case .adaptive:
            if level == 0 || isForced {
                disable(traits)
            } else {
                mode = .adaptive
            }
            if level > 0 || !traits.acceptsDisabledThinking { self.effort = Self.effort(level, of: traits.efforts) }
        default: break
        }
    }

    /// Whether the model does not think.
    func isOff(_ traits: AnthropicModelTraits) -> Bool {
        mode == .disabled || mode == .standard && !traits.thinksByDefault
    }

    /// Whether options for sampling are excluded.
    var isOn: Bool {
        switch mode {
        case .budget, .adaptive: true
        case .standard, .disabled: false
        }
    }

    private mutating func disable(_ traits: AnthropicModelTraits) {
        if traits.thinksByDefault, traits.acceptsDisabledThinking { mode = .disabled }
    }

    /// Leaves at least half of the limit to the answer.
    private mutating func setBudget(_ level: Int, _ maxTokens: Int) {
        guard maxTokens > Self.smallestBudget else { return }
        let wanted = [Self.smallestBudget, Self.smallestBudget, 2048, 8192, 24_576, 32_768, 32_768][level]
        mode = .budget(min(wanted, max(Self.smallestBudget, maxTokens / 2)))
    }

    private static let levels = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

    private static func level(_ effort: String) -> Int? { levels.firstIndex(of: effort) }

    /// The highest supported effort up to a level; `nil` if the model has none.
    private static func effort(_ level: Int, of efforts: [String]) -> String? {
        efforts.last { (Self.level($0) ?? 0) <= level } ?? efforts.first
    }
}
