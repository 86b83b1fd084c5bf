import Bus
import Contracts

/// A turn of somebody to whom a quota applies takes its part of that before a model is asked.
extension LiveConversation {
    /// How long inference-svc is asked for the model and its price.
    private static let patience = Duration.seconds(2)

    /// What an answer may take; nothing where no quota applies.
    func estimate(of cause: TurnOpening.Cause, _ context: CallContext) async -> CallEstimate? {
        guard let principal = context.principal, surroundings.book.isLimited(principal) else { return nil }
        let model = await surroundings.windows.modelIfKnown(nil, context, within: Self.patience)
        let question =
            switch cause {
            case .message(let content), .edit(_, let content): ContextWindow.estimateTokens(content.text)
            // It is part of the history.
            case .again: 0
            }
        let prompt = history.tokens.reduce(ContextWindow.estimateTokens(system) + question) { $0 + $1 }
        return CallEstimate(promptTokens: min(prompt, model?.window ?? .max), maxTokens: nil, model: model)
    }
}
