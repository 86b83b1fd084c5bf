extension Inference {
    /// One piece of a generation, whatever its provider.
    ///
    /// An event may hold several things; they are to be taken in the order of its members.
    package struct Event: Codable, Sendable, Hashable {
        /// First of all: who answers, and what was tried before.
        package var begin: Begin?
        /// More of what the model thinks before it answers.
        package var reasoning: String?
        /// More text; what arrived in one read is one event.
        package var text: String?
        /// More of why the model does not answer.
        package var refusal: String?
        /// More of the calls of tools.
        package var toolCalls: [ToolCallDelta]?
        /// How probable the tokens of this event's text were: an array of OpenAI's `logprobs.content`.
        package var logprobs: RawJSON?
        /// The end, said by the provider.
        package var finish: Finish?

        package init() {}

        package init(text: String) {
            self.text = text
        }

        package init(finish: Finish) {
            self.finish = finish
        }

        /// Whether a reader learns anything of the answer from it.
        package var isEmpty: Bool {
            reasoning == nil && text == nil && refusal == nil && toolCalls == nil && logprobs == nil && finish == nil
        }
    }

    /// How a generation began.
    package struct Begin: Codable, Sendable, Hashable {
        /// `provider/model`.
        package var model: String
        /// What was tried, in order; the last is the one that answers.
        package var attempts: [Attempt]

        package init(model: String, attempts: [Attempt]) {
            self.model = model
            self.attempts = attempts
        }
    }

    /// More of one call of a tool.
    ///
    /// Pieces of one call share an index; indexes begin with 0 and rise by 1 with each new call.
    package struct ToolCallDelta: Codable, Sendable, Hashable {
        package var index: Int
        /// With a call's first piece.
        package var id: String?
        /// With a call's first piece.
        package var name: String?
        /// More of the arguments' JSON.
        package var arguments: String?
        /// Once for a call: what its provider wants to see again, opaque.
        package var metadata: RawJSON?

        package init(
            index: Int,
            id: String? = nil,
            name: String? = nil,
            arguments: String? = nil,
            metadata: RawJSON? = nil
        ) {
            self.index = index
            self.id = id
            self.name = name
            self.arguments = arguments
            self.metadata = metadata
        }
    }

    /// How a generation ended.
    package struct Finish: Codable, Sendable, Hashable {
        package var reason: Reason
        /// `provider/model`.
        package var model: String
        /// Absent when nothing is known of it; estimated, and marked so, when the provider did not say.
        package var usage: Usage?
        /// What the provider wants to see again of the answer as a whole, opaque.
        package var metadata: RawJSON?

        package init(reason: Reason, model: String, usage: Usage?, metadata: RawJSON? = nil) {
            self.reason = reason
            self.model = model
            self.usage = usage
            self.metadata = metadata
        }

        package enum Reason: String, Codable, Sendable {
            /// The model was finished, or came upon a stop text.
            case stop
            /// `maxTokens` or the window were reached.
            case length
            /// The model waits for what its tools say.
            case toolCalls = "tool_calls"
            /// The provider withheld the rest.
            case contentFilter = "content_filter"
        }
    }

    /// A whole answer.
    package struct Answer: Codable, Sendable, Hashable {
        package var begin: Begin
        package var reasoning: String?
        package var text: String?
        package var refusal: String?
        package var toolCalls: [ToolCall]?
        /// An array of OpenAI's `logprobs.content`.
        package var logprobs: RawJSON?
        package var finish: Finish

        package init(begin: Begin, finish: Finish) {
            self.begin = begin
            self.finish = finish
        }
    }
}
