import Contracts

/// A request may come again under the same key, since its answer got lost: it is the same request then, and no other.
extension LiveConversation {
    /// What a request's key stands for already.
    enum Earlier {
        /// A run that goes on, waits, or has come to an end that stands.
        case accepted(Run.ID)
        /// A run that failed: its question is asked again.
        case failed(Run.ID, question: StoredMessage)
        /// Nothing.
        case none
    }

    /// Looks for the run that a request's key stands for.
    ///
    /// Throws `key_reused` when something else was asked by it.
    func earlier(_ request: Runs.Start, at now: Timestamp) async throws -> Earlier {
        guard let key = request.requestKey else { return .none }
        if let turn = try going(request) { return .accepted(turn.feed.run.id) }
        let number = record.number
        let found = try await surroundings.database.read { database -> (run: StoredRun, question: StoredMessage)? in
            guard let id = try RequestKeyRows.find(key, of: number, at: now, in: database),
                let run = try RunRows.find(id, in: database),
                let question = try MessageRows.find(run.message, in: database)
            else { return nil }
            return (run, question)
        }
        guard let found else { return .none }
        try check(request, against: found.question.message.content)
        let run = found.run.run
        return run.status == .failed ? .failed(run.id, question: found.question) : .accepted(run.id)
    }

    /// The turn in the line that a request's key stands for.
    ///
    /// Throws `key_reused` when something else was asked by it.
    func going(_ request: Runs.Start) throws -> LiveTurn? {
        guard let key = request.requestKey, let turn = turns.first(where: { $0.key == key }) else { return nil }
        try check(request, against: turn.feed.question.message.content)
        return turn
    }

    /// Finds out what is asked for.
    func cause(of request: Runs.Start) async throws -> TurnOpening.Cause {
        if let content = request.content {
            guard !content.text.utf8.contains(0) else {
                throw Fault(.invalid, "The text holds the character U+0000, which cannot be stored.")
            }
            guard let id = request.insteadOf else { return .message(content) }
            let message = try await question(id)
            guard message.message.role == .user else {
                throw Fault(.invalid, "Only what a user said can be edited; an answer can be regenerated.")
            }
            return .edit(message, content)
        }
        guard let id = request.insteadOf else {
            throw Fault(.invalid, "There is neither `content` nor a message in whose place an answer is wanted.")
        }
        var message = try await question(id)
        // In what was kept an answer may follow another.
        while !message.message.role.asks {
            guard let parent = message.message.parent else {
                throw Fault(.invalid, "A greeting answers no question, so it cannot be regenerated.")
            }
            message = try await question(parent)
        }
        return .again(message)
    }

    /// A message of this conversation.
    func question(_ id: Message.ID) async throws -> StoredMessage {
        let number = record.number
        return try await surroundings.database.read { try MessageRows.find(id, of: number, in: $0) }
    }

    private func check(_ request: Runs.Start, against content: Message.Content) throws {
        guard request.content == nil || request.content == content else {
            throw Fault(
                .keyReused,
                "This key came with another message before. Send what was sent then, or use a new key."
            )
        }
    }
}

extension Runs.Start {
    /// The key of the request, and what it is a key to.
    var requestKey: RequestKey? {
        guard let key else { return nil }
        let route =
            switch (content, insteadOf) {
            case (nil, let message?): "regenerate \(message)"
            case (_, let message?): "edit \(message)"
            case (_, nil): "send"
            }
        return RequestKey(route: route, key: key)
    }
}
