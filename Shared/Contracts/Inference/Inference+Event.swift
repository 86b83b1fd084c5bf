extension Inference {
    /// An event of a generation.
    ///
    /// An event may have several members; they apply in the order of declaration.
    package struct Event: Codable, Sendable, Hashable {
        /// Before the answer begins: a sign of life, with what is known about the wait.
        package var progress: Progress?
        /// In the first event of the answer: the model that answers and the attempts before.
        package var begin: Begin?
        /// The index of the part that the content of this event belongs to, if the provider numbers its parts.
        ///
        /// Parts are numbered from 0 in the order of the answer. Without a number, a change of kind begins a part.
        package var part: Int?
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
        /// Opaque data about the part of this event that the provider expects in later requests.
        package var partMetadata: RawJSON?
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
            reasoning == nil && text == nil && refusal == nil && toolCalls == nil && logprobs == nil
                && partMetadata == nil && finish == nil
        }
    }

    /// The state of a generation before its answer begins.
    package struct Progress: Codable, Sendable, Hashable {
        /// The number of generations ahead in the queue of the provider; `nil` outside of a queue.
        package var queuePosition: Int?
        /// An attempt that has just failed.
        package var attempt: Attempt?

        package init(queuePosition: Int? = nil, attempt: Attempt? = nil) {
            self.queuePosition = queuePosition
            self.attempt = attempt
        }
    }

    /// The start of a generation.
    package struct Begin: Codable, Sendable, Hashable {
        /// `provider/model`.
        package var model: String
        /// The attempts in order; the last one succeeded.
        package var attempts: [Attempt]
        /// The options of the request that the provider does not support, by their names in OpenAI's API.
        package var ignoredOptions: [String]?

        package init(model: String, attempts: [Attempt], ignoredOptions: [String]? = nil) {
            self.model = model
            self.attempts = attempts
            self.ignoredOptions = ignoredOptions
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
        /// Whether the answer has the requested format; `nil` if none was requested.
        package var format: FormatVerdict?

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

    /// The result of validating an answer against the requested response format.
    package struct FormatVerdict: Codable, Sendable, Hashable {
        package var isValid: Bool
        /// What is wrong, with the place in the answer; `nil` for a valid one.
        package var reason: String?

        package init(isValid: Bool, reason: String? = nil) {
            self.isValid = isValid
            self.reason = reason
        }
    }

    /// A part of an answer.
    ///
    /// The parts of an answer in order say how its texts and its tool calls follow each other. They contain no text
    /// themselves: parts of one kind share the text of that kind.
    package struct AnswerPart: Codable, Sendable, Hashable {
        package var kind: Kind
        /// The length of the part within the text of its kind, in bytes of UTF-8; 0 for a tool call.
        package var bytes: Int
        /// Opaque data that the provider of the answer expects in later requests.
        package var metadata: RawJSON?

        package init(kind: Kind, bytes: Int = 0, metadata: RawJSON? = nil) {
            self.kind = kind
            self.bytes = bytes
            self.metadata = metadata
        }

        package enum Kind: String, Codable, Sendable {
            case text
            case reasoning
            case refusal
            /// The next tool call of the answer.
            case toolCall = "tool_call"
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
        /// The parts in order; `nil` if the order says nothing: reasoning, then text, then refusal, then tool calls.
        package var parts: [AnswerPart]?
        package var finish: Finish

        package init(begin: Begin, finish: Finish) {
            self.begin = begin
            self.finish = finish
        }
    }
}
