import Contracts

extension StartTurn {
    /// The question before it is stored; `stored` is the question that is answered again.
    func question(_ stored: Message?) -> Message {
        switch cause {
        case .message(let content), .edit(_, let content): newQuestion(content)
        case .regenerate, .retry: stored ?? newQuestion(Message.Content(text: ""))
        }
    }

    private func newQuestion(_ content: Message.Content) -> Message {
        Message(
            id: run.userMessage,
            role: .user,
            content: content,
            status: .completed,
            parent: nil,
            run: run.id,
            tokenCount: TokenEstimate.tokens(in: content.text),
            createdAt: run.createdAt
        )
    }
}

extension Run {
    /// Creates the run of a new turn.
    init(for cause: StartTurn.Cause, in conversation: Conversation.ID, waits: Bool, at now: Timestamp) {
        let question: Message.ID =
            switch cause {
            case .message, .edit: Message.ID(at: now)
            case .regenerate(let id), .retry(let id, _): id
            }
        self.init(
            id: ID(at: now),
            conversation: conversation,
            status: waits ? .queued : .running,
            model: nil,
            userMessage: question,
            assistantMessage: nil,
            lastEvent: 1,
            usage: nil,
            fault: nil,
            createdAt: now,
            endedAt: nil
        )
    }
}
