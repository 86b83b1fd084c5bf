/// One generation as a resource: it belongs to conversation-svc and does not die with the client's connection.
package struct Run: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Run>

    package var id: ID
    package var conversation: Conversation.ID
    package var status: Status
    /// `provider/model`, once a provider has begun.
    package var model: String?
    package var userMessage: Message.ID
    /// The answer, once there is one.
    package var assistantMessage: Message.ID?
    /// The number of its newest event.
    package var lastEvent: Int
    package var usage: Usage?
    /// Why it did not end well.
    package var fault: Fault?
    /// What was tried in order to have a model answer, once the run has ended.
    package var attempts: [Attempt]?
    /// Why the model ended, where it did.
    package var finishReason: Inference.Finish.Reason?
    package var createdAt: Timestamp
    package var endedAt: Timestamp?

    package init(
        id: ID,
        conversation: Conversation.ID,
        status: Status,
        model: String?,
        userMessage: Message.ID,
        assistantMessage: Message.ID?,
        lastEvent: Int,
        usage: Usage?,
        fault: Fault?,
        attempts: [Attempt]? = nil,
        finishReason: Inference.Finish.Reason? = nil,
        createdAt: Timestamp,
        endedAt: Timestamp?
    ) {
        self.id = id
        self.conversation = conversation
        self.status = status
        self.model = model
        self.userMessage = userMessage
        self.assistantMessage = assistantMessage
        self.lastEvent = lastEvent
        self.usage = usage
        self.fault = fault
        self.attempts = attempts
        self.finishReason = finishReason
        self.createdAt = createdAt
        self.endedAt = endedAt
    }

    /// How a run stands.
    package enum Status: String, Codable, Sendable {
        /// Waits for the turns before it.
        case queued
        case running
        /// The provider said that it is finished.
        case completed
        /// Somebody ended it.
        case stopped
        /// The provider said no.
        case failed
        /// A cut, a time-out or a crash: no verdict.
        case interrupted

        /// Whether nothing more will come.
        package var isFinal: Bool { self != .queued && self != .running }
    }
}

/// How many tokens a generation took.
package struct Usage: Codable, Sendable, Hashable {
    package var promptTokens: Int
    package var completionTokens: Int
    /// Whether the numbers are ours and not the provider's.
    package var isEstimated: Bool
    /// How many of the prompt's tokens the provider had seen before; absent when it did not say.
    package var cachedTokens: Int?
    /// How many of the completion's tokens were thoughts; absent when the provider did not say.
    package var reasoningTokens: Int?
    /// What it costs, in millionths of the currency of the prices; absent where no price is known.
    package var cost: Int?

    package init(
        promptTokens: Int,
        completionTokens: Int,
        isEstimated: Bool,
        cachedTokens: Int? = nil,
        reasoningTokens: Int? = nil,
        cost: Int? = nil
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.isEstimated = isEstimated
        self.cachedTokens = cachedTokens
        self.reasoningTokens = reasoningTokens
        self.cost = cost
    }
}
