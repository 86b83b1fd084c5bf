extension Run {
    /// One thing that happened in a run.
    ///
    /// Events are numbered 1…n without gaps.
    package struct Event: Codable, Sendable, Hashable {
        package var number: Int
        /// First event: the user's message as stored.
        package var userMessage: Message?
        /// More of the answer's text; a token's border is nobody's business.
        package var text: String?
        /// Last event.
        package var end: End?

        package init(number: Int, userMessage: Message) {
            self.number = number
            self.userMessage = userMessage
        }

        package init(number: Int, text: String) {
            self.number = number
            self.text = text
        }

        package init(number: Int, end: End) {
            self.number = number
            self.end = end
        }
    }

    /// How a run ended.
    package struct End: Codable, Sendable, Hashable {
        package var status: Status
        /// The stored answer; absent when there is none.
        package var assistantMessage: Message?
        package var model: String?
        package var usage: Usage?
        package var context: ContextReport?
        package var timing: Timing?
        /// Why, when the status is `failed` or `interrupted`.
        package var fault: Fault?
        /// What was tried in order to have a model answer; absent when none was asked.
        package var attempts: [Attempt]?
        /// Why the model ended, where it did.
        package var finishReason: Inference.Finish.Reason?

        package init(
            status: Status,
            assistantMessage: Message?,
            model: String? = nil,
            usage: Usage? = nil,
            context: ContextReport? = nil,
            timing: Timing? = nil,
            fault: Fault? = nil,
            attempts: [Attempt]? = nil,
            finishReason: Inference.Finish.Reason? = nil
        ) {
            self.status = status
            self.assistantMessage = assistantMessage
            self.model = model
            self.usage = usage
            self.context = context
            self.timing = timing
            self.fault = fault
            self.attempts = attempts
            self.finishReason = finishReason
        }
    }

    /// What of the conversation the model was shown.
    package struct ContextReport: Codable, Sendable, Hashable {
        package var messagesUsed: Int
        package var messagesLeftOut: Int
        /// Estimated tokens of all that was sent.
        package var tokensEstimated: Int
        /// The model's window, in tokens.
        package var window: Int

        package init(messagesUsed: Int, messagesLeftOut: Int, tokensEstimated: Int, window: Int) {
            self.messagesUsed = messagesUsed
            self.messagesLeftOut = messagesLeftOut
            self.tokensEstimated = tokensEstimated
            self.window = window
        }
    }

    /// Where a run's time went, in milliseconds.
    package struct Timing: Codable, Sendable, Hashable {
        /// From the request to the start of its generation: earlier turns, the commit, the context.
        package var queue: Double
        /// From the start of the generation to the provider's first text.
        package var firstToken: Double?
        /// The whole generation.
        package var upstream: Double
        package var total: Double

        package init(queue: Double, firstToken: Double?, upstream: Double, total: Double) {
            self.queue = queue
            self.firstToken = firstToken
            self.upstream = upstream
            self.total = total
        }
    }
}

/// A user's message and how its run ended.
package struct Turn: Codable, Sendable, Hashable {
    package var run: Run.ID
    package var userMessage: Message
    package var end: Run.End

    package init(run: Run.ID, userMessage: Message, end: Run.End) {
        self.run = run
        self.userMessage = userMessage
        self.end = end
    }
}
