/// The endpoints of conversation-svc for runs.
///
/// All require a principal.
package enum Runs {
    /// Stores a user's message, starts a run that answers it, and streams the events of the run.
    ///
    /// The first element follows the commit. Closing the stream does not stop the run. Throws `missing`, `forbidden`,
    /// `invalid`, `limited`, and `key_reused` for an idempotency key of a different request.
    package struct Start: StreamingEndpoint, Hashable {
        package static let path = "/runs/start"
        package typealias Element = Run.Event
        package var conversation: Conversation.ID
        /// Content of the message; `nil` to regenerate an answer.
        package var content: Message.Content?
        /// The message to replace on a new branch: with `content` a user message to edit; without, an answer to
        /// regenerate or a user message to answer again.
        package var insteadOf: Message.ID?
        /// Idempotency key: a repeated request within a day returns the run of the first one.
        package var key: String?
        /// How to generate the answer (default: the service's defaults).
        package var options: Run.Options?

        package init(
            conversation: Conversation.ID,
            content: Message.Content?,
            insteadOf: Message.ID? = nil,
            key: String? = nil,
            options: Run.Options? = nil
        ) {
            self.conversation = conversation
            self.content = content
            self.insteadOf = insteadOf
            self.key = key
            self.options = options
        }
    }

    /// Like ``Start``, with the same JSON, but responds once, after the end of the run.
    package struct Complete: Endpoint, Hashable {
        package static let path = "/runs/complete"
        package typealias Response = Turn
        package var start: Start

        package init(_ start: Start) {
            self.start = start
        }

        package init(from decoder: any Decoder) throws {
            start = try Start(from: decoder)
        }

        package func encode(to encoder: any Encoder) throws {
            try start.encode(to: encoder)
        }
    }

    /// Returns a run.
    ///
    /// Throws `missing`, `forbidden`.
    package struct Find: Endpoint {
        package static let path = "/runs/find"
        package static let isIdempotent = true
        package typealias Response = Run
        package var conversation: Conversation.ID
        package var run: Run.ID

        package init(conversation: Conversation.ID, run: Run.ID) {
            self.conversation = conversation
            self.run = run
        }
    }

    /// Streams the events of an active or finished run that follow the event `after`.
    package struct Follow: StreamingEndpoint {
        package static let path = "/runs/follow"
        package static let isIdempotent = true
        package typealias Element = Run.Event
        package var conversation: Conversation.ID
        package var run: Run.ID
        /// Number of the last event that the caller has received; 0 for none.
        package var after: Int

        package init(conversation: Conversation.ID, run: Run.ID, after: Int) {
            self.conversation = conversation
            self.run = run
            self.after = after
        }
    }

    /// Stops a run: closes the provider's connection and stores the answer so far as `stopped`.
    ///
    /// Idempotent.
    package struct Cancel: Endpoint {
        package static let path = "/runs/cancel"
        package static let isIdempotent = true
        package typealias Response = Run
        package var conversation: Conversation.ID
        package var run: Run.ID

        package init(conversation: Conversation.ID, run: Run.ID) {
            self.conversation = conversation
            self.run = run
        }
    }
}
