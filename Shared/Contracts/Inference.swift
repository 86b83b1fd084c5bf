/// What inference-svc answers about generation.
package enum Inference {
    /// Lets a model go on with a conversation.
    ///
    /// A stream that completed holds exactly one ``Event/finish``, last. A fault with code `cut` or `timeout` is no
    /// verdict of the provider; other faults are. Leaving the stream closes the provider's connection at once.
    package struct Generate: StreamingEndpoint {
        package static let path = "/inference/generate"
        package typealias Element = Event
        /// `provider/model` or a bare name; absent for the default.
        package var model: String?
        package var messages: [Message]
        package var options: Options
        /// For how many milliseconds text may gather into one event, after the first; absent: it goes on as it comes.
        package var gatherMilliseconds: Int?

        package init(
            model: String?,
            messages: [Message],
            options: Options = Options(),
            gatherMilliseconds: Int? = nil
        ) {
            self.model = model
            self.messages = messages
            self.options = options
            self.gatherMilliseconds = gatherMilliseconds
        }
    }

    /// One message of what a model is shown, in the form of the providers' own APIs, so that it can be passed on as it is.
    package struct Message: Codable, Sendable, Hashable {
        package var role: Role
        package var content: String

        package init(role: Role, content: String) {
            self.role = role
            self.content = content
        }

        package enum Role: String, Codable, Sendable {
            case system
            case user
            case assistant
        }
    }

    /// How a model is to go about it; what is absent is the model's own default.
    package struct Options: Codable, Sendable, Hashable {
        package var maxTokens: Int?
        /// The generation ends before any of these texts.
        package var stop: [String]?
        package var temperature: Double?
        package var seed: Int?

        package init(maxTokens: Int? = nil, stop: [String]? = nil, temperature: Double? = nil, seed: Int? = nil) {
            self.maxTokens = maxTokens
            self.stop = stop
            self.temperature = temperature
            self.seed = seed
        }
    }

    /// One piece of a generation: more text, or its end.
    package struct Event: Codable, Sendable, Hashable {
        /// More text; what arrived in one read is one event.
        package var text: String?
        /// The end, said by the provider.
        package var finish: Finish?

        package init(text: String) {
            self.text = text
        }

        package init(finish: Finish) {
            self.finish = finish
        }
    }

    /// How a generation ended.
    package struct Finish: Codable, Sendable, Hashable {
        package var reason: Reason
        /// `provider/model`.
        package var model: String
        /// Absent when the provider did not say.
        package var usage: Usage?

        package init(reason: Reason, model: String, usage: Usage?) {
            self.reason = reason
            self.model = model
            self.usage = usage
        }

        package enum Reason: String, Codable, Sendable {
            /// The model was finished, or came upon a stop text.
            case stop
            /// `maxTokens` or the window were reached.
            case length
            /// The provider withheld the rest.
            case contentFilter = "content_filter"
        }
    }
}
