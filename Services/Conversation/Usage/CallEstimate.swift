import Contracts

/// What one call may take, as far as can be told before a model is asked.
struct CallEstimate: Sendable, Equatable {
    /// How long an answer is taken to be that nobody limits.
    private static let usualAnswer = 1024
    /// Beyond it no model goes.
    private static let bound = 1_000_000_000

    var promptTokens: Int
    var completionTokens: Int
    /// In millionths of the currency of the prices; 0 where no price is known.
    var cost: Int

    init(promptTokens: Int, completionTokens: Int, cost: Int) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cost = cost
    }

    /// A call of a model; without a limit of its answer's length, as much as is kept free for one in the model's window.
    init(promptTokens: Int, maxTokens: Int?, model: Model?) {
        let free = model.map { ContextWindow(size: $0.window).reserve } ?? Self.usualAnswer
        let prompt = min(max(0, promptTokens), Self.bound)
        let completion = min(max(0, maxTokens ?? free), Self.bound)
        self.init(
            promptTokens: prompt,
            completionTokens: completion,
            cost: min(
                model?.price?.cost(promptTokens: prompt, completionTokens: completion) ?? 0,
                1_000_000_000_000
            )
        )
    }

    var tokens: Int { promptTokens + completionTokens }

    /// The estimate as usage, for a call of which nobody said what it took.
    var usage: Usage {
        Usage(
            promptTokens: promptTokens,
            completionTokens: completionTokens,
            isEstimated: true,
            cost: cost == 0 ? nil : cost
        )
    }
}
