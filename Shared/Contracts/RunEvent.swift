extension Run {
    /// An event of a run, numbered from 1 without gaps, with exactly one member beside its number.
    package struct Event: Codable, Sendable, Hashable {
        package var number: Int
        /// In the first event: the stored message of the user.
        package var userMessage: Message?
        /// More reasoning text of the model.
        package var reasoning: String?
        /// More text of the answer; one event may contain several tokens.
        package var text: String?
        /// A stored step of the run that is not its last: an assistant message with tool calls, or a tool's result.
        ///
        /// The text after it belongs to the next step.
        package var step: Message?
        /// In the last event: the end of the run.
        package var end: End?

        package init(number: Int, userMessage: Message) {
            self.number = number
            self.userMessage = userMessage
        }

        package init(number: Int, reasoning: String) {
            self.number = number
            self.reasoning = reasoning
        }

        package init(number: Int, text: String) {
            self.number = number
            self.text = text
        }

        package init(number: Int, step: Message) {
            self.number = number
            self.step = step
        }

        package init(number: Int, end: End) {
            self.number = number
            self.end = end
        }
    }

    /// The end of a run.
    package struct End: Codable, Sendable, Hashable {
        package var status: Status
        /// The stored answer, if there is one.
        package var assistantMessage: Message?
        package var model: String?
        package var usage: Usage?
        package var context: ContextReport?
        package var timing: Timing?
        /// The reason of the status `failed` or `interrupted`.
        package var fault: Fault?
        /// The attempts to generate an answer; `nil` if no model was called.
        package var attempts: [Attempt]?
        /// Why the model stopped, if it did.
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

    /// The part of the conversation that was sent to the model.
    package struct ContextReport: Codable, Sendable, Hashable {
        package var messagesUsed: Int
        package var messagesLeftOut: Int
        /// Estimated number of tokens sent.
        package var tokensEstimated: Int
        /// Context window of the model, in tokens.
        package var window: Int
        /// The user's memories that were added to the prompt; `nil` if there were none.
        package var memories: [Memory.Excerpt]?

        package init(messagesUsed: Int, messagesLeftOut: Int, tokensEstimated: Int, window: Int) {
            self.messagesUsed = messagesUsed
            self.messagesLeftOut = messagesLeftOut
            self.tokensEstimated = tokensEstimated
            self.window = window
        }
    }

    /// Durations of the phases of a run, in milliseconds.
    package struct Timing: Codable, Sendable, Hashable {
        /// From the request to the start of the generation: earlier turns, the commit, the context.
        package var queue: Double
        /// From the start of the generation to the provider's first text.
        package var firstToken: Double?
        /// The complete generation.
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

/// A user's message and the end of its run.
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
