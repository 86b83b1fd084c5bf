import Bus
import Contracts

/// Estimates the usage of turns: a turn reserves it before a model is called, if a quota applies.
struct TurnUsage: Sendable {
    /// Maximum time to look up the model and its price.
    private static let priceTimeout = Duration.seconds(2)

    let accessCache: AccessCache
    let modelCache: ModelCache

    /// Whether a quota is known to apply to the user or key of a call.
    func isLimited(_ context: CallContext) -> Bool {
        context.principal.map(accessCache.isLimited) ?? false
    }

    /// Returns the usage to reserve; `promptTokens` is the size of the system prompt and the history.
    func estimate(
        _ cause: StartTurn.Cause,
        _ options: Run.Options?,
        promptTokens: Int,
        _ context: CallContext
    ) async -> UsageRequest {
        let model = await modelCache.modelOrFault(options?.model, context, within: Self.priceTimeout)
        let question =
            switch cause {
            case .message(let content), .edit(_, let content): TokenEstimate.tokens(in: content.text)
            // The question is part of the history.
            case .regenerate, .retry: 0
            }
        let window = if case .success(let model) = model { model.window } else { Int.max }
        return UsageRequest(
            promptTokens: min(promptTokens + question, window),
            maxTokens: options?.maxTokens,
            model: model
        )
    }
}
