import Bus
import Contracts

/// Quotas: a turn reserves its estimated usage before a model is called.
extension LiveConversation {
    /// Maximum time to look up the model and its price.
    private static let priceTimeout = Duration.seconds(2)

    /// Returns the usage to reserve for a turn; `nil` if no quota applies.
    func usageRequest(for cause: StartTurn.Cause, _ context: CallContext) async throws -> UsageRequest? {
        guard let principal = context.principal, dependencies.accessCache.isLimited(principal) else { return nil }
        let model = await dependencies.modelCache.modelOrFault(nil, context, within: Self.priceTimeout)
        let system = TokenEstimate.tokens(in: try await systemText())
        let question =
            switch cause {
            case .message(let content), .edit(_, let content): TokenEstimate.tokens(in: content.text)
            // The question is part of the history.
            case .regenerate: 0
            }
        let prompt = history.tokens.reduce(system + question) { $0 + $1 }
        let window = if case .success(let model) = model { model.window } else { Int.max }
        return UsageRequest(promptTokens: min(prompt, window), maxTokens: nil, model: model)
    }

    /// Returns the maximum number of tokens of a turn's answer from its reservation, which an earlier process may have
    /// made.
    func answerLimit(of turn: LiveTurn) async throws -> Int? {
        guard let principal = turn.context.principal, dependencies.accessCache.isLimited(principal) else { return nil }
        let id = turn.liveRun.run.id.description
        return try await dependencies.database.read { try ReservationRows.find(id, in: $0)?.answerLimit }
    }
}
