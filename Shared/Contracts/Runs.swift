/// What conversation-svc answers about runs.
///
/// All need a principal.
package enum Runs {
    /// Stores a user's message, opens a run that answers it, and tells the run's events to their end.
    ///
    /// The first element follows the commit: whoever has it, has been acknowledged. Leaving the stream does not stop
    /// the run. Throws `missing`, `forbidden`, `invalid`, `limited`, and `key_reused` for a key that came with something
    /// else before.
    package struct Start: StreamingEndpoint, Hashable {
        package static let path = "/runs/start"
        package typealias Element = Run.Event
        package var conversation: Conversation.ID
        /// What is said; absent where only another answer is wanted.
        package var content: Message.Content?
        /// The message in whose place this stands: with content a question that is put in another way; without, an
        /// answer that is to be made again, or a question that is to be answered again.
        package var insteadOf: Message.ID?
        /// The caller's own name for this request: a repeat within a day gets the first one's run.
        package var key: String?

        package init(
            conversation: Conversation.ID,
            content: Message.Content?,
            insteadOf: Message.ID? = nil,
            key: String? = nil
        ) {
            self.conversation = conversation
            self.content = content
            self.insteadOf = insteadOf
            self.key = key
        }
    }

    /// Like ``Start``, of the same JSON, but answers once, when the run has ended.
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

    /// Tells how a run stands.
    ///
    /// Throws `missing`, `forbidden`.
    package struct Find: Endpoint {
        package static let path = "/runs/find"
        package typealias Response = Run
        package var conversation: Conversation.ID
        package var run: Run.ID

        package init(conversation: Conversation.ID, run: Run.ID) {
            self.conversation = conversation
            self.run = run
        }
    }

    /// Tells the events of a run from the one after `after` to their end, while it goes on and after it has ended.
    package struct Follow: StreamingEndpoint {
        package static let path = "/runs/follow"
        package typealias Element = Run.Event
        package var conversation: Conversation.ID
        package var run: Run.ID
        /// The number of the last event that the watcher has; 0 for none.
        package var after: Int

        package init(conversation: Conversation.ID, run: Run.ID, after: Int) {
            self.conversation = conversation
            self.run = run
            self.after = after
        }
    }

    /// Ends a run: the provider's connection is closed, the answer so far stored as `stopped`.
    ///
    /// Twice is as once.
    package struct Cancel: Endpoint {
        package static let path = "/runs/cancel"
        package typealias Response = Run
        package var conversation: Conversation.ID
        package var run: Run.ID

        package init(conversation: Conversation.ID, run: Run.ID) {
            self.conversation = conversation
            self.run = run
        }
    }
}
