/// A generation in a conversation; it belongs to conversation-svc and continues without the client's connection.
package struct Run: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Run>

    /// Maximum size of what a model generates in one step, and of a tool's result, in bytes of UTF-8: text, reasoning
    /// and the arguments of tool calls together.
    ///
    /// inference-svc ends a longer answer with the fault `provider`, after the text up to the limit. A message within
    /// the limit fits a line of a bus stream whatever its text: JSON needs at most six bytes for one.
    package static let maxAnswerBytes = 16 * 1024 * 1024

    package var id: ID
    package var conversation: Conversation.ID
    package var status: Status
    /// `provider/model`; `nil` before a provider has started.
    package var model: String?
    package var userMessage: Message.ID
    /// The answer, if there is one.
    package var assistantMessage: Message.ID?
    /// Number of the latest event.
    package var lastEvent: Int
    package var usage: Usage?
    /// The reason of a failure or interruption.
    package var fault: Fault?
    /// The attempts to generate an answer, after the end of the run.
    package var attempts: [Attempt]?
    /// Why the model stopped, if it did.
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

    /// The status of a run.
    package enum Status: String, Codable, Sendable {
        /// Waits for earlier turns of the conversation.
        case queued
        case running
        /// The provider reported the end of the answer.
        case completed
        /// Cancelled by the user.
        case stopped
        /// The provider returned an error.
        case failed
        /// A lost connection, a timeout or a crash; the outcome is unknown.
        case interrupted

        /// Whether the run has ended.
        package var isFinal: Bool { self != .queued && self != .running }
    }
}

/// The token usage of a generation.
package struct Usage: Codable, Sendable, Hashable {
    package var promptTokens: Int
    package var completionTokens: Int
    /// Whether the numbers are estimated, not reported by the provider.
    package var isEstimated: Bool
    /// Number of prompt tokens read from the provider's cache; `nil` if not reported.
    package var cachedTokens: Int?
    /// Number of completion tokens used for reasoning; `nil` if not reported.
    package var reasoningTokens: Int?
    /// Cost, in millionths of the currency of the prices; `nil` if the price is unknown.
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
