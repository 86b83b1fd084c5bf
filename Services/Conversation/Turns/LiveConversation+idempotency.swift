import Contracts

/// Idempotency: a request that is repeated with the same key returns the existing run.
extension LiveConversation {
    /// The result of looking up an idempotency key.
    enum ExistingRun {
        /// A run that is queued, in progress, or finished with a final result.
        case accepted(Run.ID)
        /// A failed run; its question is answered again.
        case failed(Run.ID, question: StoredMessage)
        /// The key is absent or unknown.
        case none
    }

    /// Looks up the run for the request's idempotency key.
    ///
    /// Throws `key_reused` if the key was used with another message.
    func existingRun(for request: Runs.Start, at now: Timestamp) async throws -> ExistingRun {
        guard let key = request.idempotencyKey else { return .none }
        if let turn = try queuedTurn(for: request) { return .accepted(turn.liveRun.run.id) }
        let number = record.number
        let found = try await dependencies.database.read { database -> (run: StoredRun, question: StoredMessage)? in
            guard let id = try IdempotencyKeyRows.find(key, of: number, at: now, in: database),
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

    /// Returns the queued or running turn that has the request's idempotency key.
    ///
    /// Throws `key_reused` if the key was used with another message.
    func queuedTurn(for request: Runs.Start) throws -> LiveTurn? {
        guard let key = request.idempotencyKey, let turn = turns.first(where: { $0.key == key }) else { return nil }
        try check(request, against: turn.liveRun.question.message.content)
        return turn
    }

    /// Returns the cause of the request: send, edit or regenerate.
    func cause(of request: Runs.Start) async throws -> StartTurn.Cause {
        if let content = request.content {
            guard !content.text.utf8.contains(0) else {
                throw Fault(.invalid, "The text contains the character U+0000, which cannot be stored. Remove it.")
            }
            guard let id = request.insteadOf else { return .message(content) }
            let message = try await question(id)
            guard message.message.role == .user else {
                throw Fault(.invalid, "Only a user's message can be edited. Regenerate an answer instead.")
            }
            return .edit(message, content)
        }
        guard let id = request.insteadOf else {
            throw Fault(.invalid, "Either `content` or a message to answer again is required.")
        }
        var message = try await question(id)
        // In an imported conversation an answer may follow another answer.
        while !message.message.role.isAnswerable {
            guard let parent = message.message.parent else {
                throw Fault(.invalid, "A greeting answers no message and cannot be regenerated.")
            }
            message = try await question(parent)
        }
        return .regenerate(message)
    }

    /// Returns a message of this conversation.
    func question(_ id: Message.ID) async throws -> StoredMessage {
        let number = record.number
        return try await dependencies.database.read { try MessageRows.find(id, of: number, in: $0) }
    }

    private func check(_ request: Runs.Start, against content: Message.Content) throws {
        guard request.content == nil || request.content == content else {
            throw Fault(
                .keyReused,
                "This idempotency key was used with another message. Repeat the original message, or use a new key."
            )
        }
    }
}

extension Runs.Start {
    /// The idempotency key with its scope: send, edit or regenerate of a message.
    var idempotencyKey: IdempotencyKey? {
        guard let key else { return nil }
        let route =
            switch (content, insteadOf) {
            case (nil, let message?): "regenerate \(message)"
            case (_, let message?): "edit \(message)"
            case (_, nil): "send"
            }
        return IdempotencyKey(route: route, key: key)
    }
}
