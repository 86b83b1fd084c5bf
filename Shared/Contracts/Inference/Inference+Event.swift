extension Inference {
    /// An event of a generation.
    ///
    /// An event may have several members; they apply in the order of declaration.
    package struct Event: Codable, Sendable, Hashable {
        /// In the first event: the model that answers and the attempts before.
        package var begin: Begin?
        /// More reasoning text.
        package var reasoning: String?
        /// More text of the answer; text that arrived together is one event.
        package var text: String?
        /// More text of a refusal.
        package var refusal: String?
        /// More parts of tool calls.
        package var toolCalls: [ToolCallDelta]?
        /// Log probabilities of the tokens of this event: an array as in OpenAI's `logprobs.content`.
        package var logprobs: RawJSON?
        /// In the last event: the end, as reported by the provider.
        package var finish: Finish?

        package init() {}

        package init(text: String) {
            self.text = text
        }

        package init(finish: Finish) {
            self.finish = finish
        }

        /// Whether the event contains nothing of the answer.
        package var isEmpty: Bool {
            reasoning == nil && text == nil && refusal == nil && toolCalls == nil && logprobs == nil && finish == nil
        }
    }

    /// The start of a generation.
    package struct Begin: Codable, Sendable, Hashable {
        /// `provider/model`.
        package var model: String
        /// The attempts in order; the last one succeeded.
        package var attempts: [Attempt]

        package init(model: String, attempts: [Attempt]) {
            self.model = model
            self.attempts = attempts
        }
    }

    /// A part of a tool call.
    ///
    /// Parts of one call have the same index; indexes start at 0 and increase by 1 with each call.
    package struct ToolCallDelta: Codable, Sendable, Hashable {
        package var index: Int
        /// In the first part of a call.
        package var id: String?
        /// In the first part of a call.
        package var name: String?
        /// More of the JSON text of the arguments.
        package var arguments: String?
        /// Once per call: opaque data that the provider expects in later requests.
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

    /// The end of a generation.
    package struct Finish: Codable, Sendable, Hashable {
        package var reason: Reason
        /// `provider/model`.
        package var model: String
        /// Token usage, marked as estimated if the provider reported none; `nil` if unknown.
        package var usage: Usage?
        /// Opaque data about the complete answer that the provider expects in later requests.
        package var metadata: RawJSON?

        package init(reason: Reason, model: String, usage: Usage?, metadata: RawJSON? = nil) {
            self.reason = reason
            self.model = model
            self.usage = usage
            self.metadata = metadata
        }

        package enum Reason: String, Codable, Sendable {
            /// The model completed its answer, or generated a stop sequence.
            case stop
            /// `maxTokens` or the context window was reached.
            case length
            /// The model waits for the results of its tool calls.
            case toolCalls = "tool_calls"
            /// The provider's content filter stopped the answer.
            case contentFilter = "content_filter"
        }
    }

    /// A complete answer.
    package struct Answer: Codable, Sendable, Hashable {
        package var begin: Begin
        package var reasoning: String?
        package var text: String?
        package var refusal: String?
        package var toolCalls: [ToolCall]?
        /// Log probabilities: an array as in OpenAI's `logprobs.content`.
        package var logprobs: RawJSON?
        package var finish: Finish

        package init(begin: Begin, finish: Finish) {
            self.begin = begin
            self.finish = finish
        }
    }
}
