import Contracts

/// The expected usage of a call, before a model is called.
///
/// Pure functions.
struct UsageRequest: Sendable {
    /// Number of answer tokens assumed if neither the caller nor the model sets a limit.
    private static let defaultAnswer = 1024
    /// Maximum number of answer tokens reserved if the caller sets no limit.
    private static let maxReservedAnswer = 16_384
    /// Maximum answer limit set if the caller sets none; models reject a limit above their own maximum.
    private static let maxImplicitLimit = 4096
    /// Upper bound of all token counts; prevents overflow.
    private static let maxTokenCount = 1_000_000_000
    /// An answer without a limit may use one part in `shareDivisor` of the available tokens, so that other calls can
    /// run too.
    private static let shareDivisor = 4

    let promptTokens: Int
    /// The answer limit set by the caller; `nil` if none is set.
    let maxTokens: Int?
    /// The model, or the fault of its lookup.
    let model: Result<Model, Fault>

    init(promptTokens: Int, maxTokens: Int?, model: Result<Model, Fault>) {
        self.promptTokens = min(max(0, promptTokens), Self.maxTokenCount)
        self.maxTokens = maxTokens.map { min(max(0, $0), Self.maxTokenCount) }
        self.model = model
    }

    private var knownModel: Model? {
        if case .success(let model) = model { model } else { nil }
    }

    private var price: Model.Price? { knownModel?.price }

    /// Returns the estimated usage for an answer of a given length.
    func estimate(answer tokens: Int) -> UsageEstimate {
        UsageEstimate(
            promptTokens: promptTokens,
            completionTokens: tokens,
            cost: min(price?.cost(promptTokens: promptTokens, completionTokens: tokens) ?? 0, 1_000_000_000_000)
        )
    }

    /// The minimum usage that must be available: the requested answer length, or the answer reserve of the model's
    /// context window.
    var minimum: UsageEstimate {
        estimate(answer: maxTokens ?? knownModel.map { ContextWindow(size: $0.window).reserve } ?? Self.defaultAnswer)
    }

    /// Returns how many answer tokens an amount of money pays for after the prompt; `nil` for any number.
    func answerTokens(for money: Int) -> Int? {
        guard let price, price.completion > 0 else { return nil }
        let left = max(0, money - price.cost(promptTokens: promptTokens, completionTokens: 0))
        let tokens = (Double(left) / price.completion).rounded(.down)
        return Int(exactly: tokens)
    }

    /// Returns the estimate to reserve and the answer limit to set; `availableTokens` is the maximum number of answer
    /// tokens that the quotas allow.
    ///
    /// An answer without a limit stays unlimited while enough tokens are available; otherwise it gets a share of them.
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

    /// Returns why a quota of money cannot be applied; `nil` if the model has a price.
    func missingPriceFault(_ name: String) -> Fault? {
        switch model {
        case .success(let model) where model.price != nil: nil
        case .success(let model):
            Fault(
                .forbidden,
                """
                \(model.name) has no price, and \(name) has a cost quota, so the cost of this call cannot be \
                limited. Choose a model with a price, or set its price in PROVIDERS_FILE (0 if it is free).
                """
            )
        case .failure(let fault) where [.missing, .invalid].contains(fault.code): fault
        case .failure:
            Fault(
                .unavailable,
                "The price of the model is currently unavailable, and \(name) has a cost quota. Try again in a moment.",
                retryAfter: 1
            )
        }
    }
}
