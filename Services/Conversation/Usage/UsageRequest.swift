import Contracts

/// What a call wishes to take of quotas, before a model is asked.
///
/// Pure.
struct UsageRequest: Sendable {
    /// How long an answer is taken to be at minimum that nobody limits.
    private static let defaultAnswer = 1024
    /// The longest answer that is reserved for unasked.
    private static let maxReservedAnswer = 16_384
    /// The longest limit that is set unasked: models that are told more than they can make refuse the whole request.
    private static let maxImplicitLimit = 4096
    /// Beyond it no model goes.
    private static let tokenRange = 1_000_000_000
    /// Of what is left, an answer that nobody limits may have one part in so many, so that others find availableTokens beside it.
    private static let shareDivisor = 4

    let promptTokens: Int
    /// How long the answer may be, as its caller says; absent: they do not say.
    let maxTokens: Int?
    /// The model, or why nothing is known of it.
    let model: Result<Model, Fault>

    init(promptTokens: Int, maxTokens: Int?, model: Result<Model, Fault>) {
        self.promptTokens = min(max(0, promptTokens), Self.tokenRange)
        self.maxTokens = maxTokens.map { min(max(0, $0), Self.tokenRange) }
        self.model = model
    }

    private var knownModel: Model? {
        if case .success(let model) = model { model } else { nil }
    }

    private var price: Model.Price? { knownModel?.price }

    /// What it takes when the answer has so many tokens.
    func estimate(answer tokens: Int) -> UsageEstimate {
        UsageEstimate(
            promptTokens: promptTokens,
            completionTokens: tokens,
            cost: min(price?.cost(promptTokens: promptTokens, completionTokens: tokens) ?? 0, 1_000_000_000_000)
        )
    }

    /// The minimum that must be there: as much answer as is kept free for one in the model's window, or as was asked for.
    var minimum: UsageEstimate {
        estimate(answer: maxTokens ?? knownModel.map { ContextWindow(size: $0.window).reserve } ?? Self.defaultAnswer)
    }

    /// How many tokens of an answer so much money buys beside the prompt; `nil` for any number.
    func answerTokens(for money: Int) -> Int? {
        guard let price, price.completion > 0 else { return nil }
        let left = max(0, money - price.cost(promptTokens: promptTokens, completionTokens: 0))
        let tokens = (Double(left) / price.completion).rounded(.down)
        return Int(exactly: tokens)
    }

    /// What is granted where `availableTokens` is how many tokens the answer may have at most: what is reserved, and how long the
    /// answer may be.
    ///
    /// An answer that nobody limits is not cut short while there is plenty; when there is less, it may have a part of it.
    func grant(availableTokens: Int?) -> (estimate: UsageEstimate, answerLimit: Int?) {
        guard let availableTokens else { return (minimum, nil) }
        guard maxTokens == nil else { return (minimum, minimum.completionTokens) }
        let window = knownModel?.window ?? .max
        let longest = max(minimum.completionTokens, min(Self.maxReservedAnswer, window - promptTokens))
        if availableTokens / Self.shareDivisor >= longest { return (estimate(answer: longest), nil) }
        let limit = max(
            minimum.completionTokens,
            min(availableTokens / Self.shareDivisor, Self.maxImplicitLimit, longest)
        )
        return (estimate(answer: limit), limit)
    }

    /// Why a quota of money cannot be held to; `nil` where the price is known.
    func missingPriceFault(_ name: String) -> Fault? {
        switch model {
        case .success(let model) where model.price != nil: nil
        case .success(let model):
            Fault(
                .forbidden,
                """
                \(model.name) has no price, and \(name) has a quota of money: nobody could say what this takes of it. \
                Choose a model that has a price, or have it given one in PROVIDERS_FILE, 0 if it costs nothing.
                """
            )
        case .failure(let fault) where [.missing, .invalid].contains(fault.code): fault
        case .failure:
            Fault(
                .unavailable,
                "What the model costs cannot be told now, and \(name) has a quota of money. Try again in a moment.",
                retryAfter: 1
            )
        }
    }
}
