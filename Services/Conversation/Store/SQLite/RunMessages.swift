import Contracts
import GRDB

/// Changes the messages of a run: its steps and its answer, and the status of its question.
struct RunMessages {
    private let row: RunRow

    init(_ row: RunRow) {
        self.row = row
    }

    /// Stores a step after the last one, or after the question, on the run's path.
    ///
    /// Returns `nil` for a run without a question, which has no messages.
    func append(
        _ step: RunStep,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) -> (message: Message, number: Int64)? {
        guard let path = row.path, let parent = try previous(connection) else { return nil }
        var place = MessageRows.Place(path: path, position: parent.position + 1, parent: parent.number)
        let owner = try PathRows.owner(of: place.position, on: path, hasBranches: row.hasBranches, connection)
        let isFree = try PathRows.isFree(place.position, of: owner, connection)
        if !isFree {
            place.path = try PathRows.fork(path, of: row.conversation, at: place.position, connection)
            try ConversationRows.addPath(to: row.conversation, changesMessages: true, connection)
            // The next steps follow this one.
            try RunRows.setPath(place.path, of: row.number, connection)
        }
        if row.hasBranches || !isFree {
            place.sibling = try SiblingRows.nextIndex(after: parent.number, role: step.message.role, connection)
        }
        var step = step
        step.message.parent = parent.id
        step.message.branch = Message.Branch(sibling: place.sibling)
        let number = try MessageRows.insert(step, of: row.conversation, at: place, connection)
        let shown = try PathRows.owner(
            of: place.position,
            on: row.selectedPath,
            hasBranches: row.hasBranches || !isFree,
            connection
        )
        let isShown = shown == place.path
        try ConversationRows.addMessages(
            1,
            onPath: isShown ? 1 : 0,
            isUse: false,
            to: row.conversation,
            at: moment,
            connection
        )
        return (step.message, number)
    }

    /// Returns the message that the next step follows.
    private func previous(
        _ connection: Connection
    ) throws(StoreError) -> (number: Int64, position: Int, id: Message.ID)? {
        if let step = row.step {
            return try MessageRows.find(step, connection).map { ($0.number, $0.position, $0.id) }
        }
        guard let number = row.message, let position = row.position else { return nil }
        return (number, position, row.run.userMessage)
    }

    /// Restores the previous answer of a regeneration that produced none, unless another path was selected meanwhile.
    func restorePreviousAnswer(at moment: Timestamp, _ connection: Connection) throws(StoreError) {
        guard let path = row.path, let conversation = try ConversationRows.find(number: row.conversation, connection)
        else { return }
        guard try PathRows.isEmpty(path, connection) else {
            guard let replaced = row.replaces else { return }
            return try addPreviousAnswer(from: replaced, to: path, of: conversation, at: moment, connection)
        }
        // Only a path that was made for another answer can be empty.
        let parent = try PathRows.parent(of: path, connection)?.parent
        let replaced = row.replaces ?? parent
        try PathRows.delete(path, connection)
        try RunRows.replace(path, with: replaced, in: row.conversation, connection)
        guard conversation.path == path, let replaced else {
            return try ConversationRows.removePath(from: row.conversation, connection)
        }
        _ = try ConversationRows.changePath(
            conversation,
            to: replaced,
            pathCount: conversation.pathCount - 1,
            at: moment,
            connection
        )
    }

    /// Adds the previous answer to a path on which later messages already follow the question.
    private func addPreviousAnswer(
        from replaced: Int64,
        to path: Int64,
        of conversation: ConversationRow,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) {
        guard let message = row.message, let question = try MessageRows.find(message, connection),
            var step = try previousAnswer(to: question, on: replaced, connection)
        else { return }
        let first = step
        // An answer of several steps has a message for each of them.
        while try PathRows.isFree(step.position, of: path, connection) {
            try PathRows.append(step.number, to: path, at: step.position, connection)
            guard let number = try PathRows.message(at: step.position + 1, on: step.path, connection),
                let next = try MessageRows.find(number, connection), next.run == first.run, next.role != .user
            else { break }
            step = next
        }
        // The selected path may share these messages.
        guard try PathRows.owner(of: first.position, on: conversation.path, connection) == path else { return }
        _ = try ConversationRows.changePath(
            conversation,
            to: conversation.path,
            pathCount: conversation.pathCount,
            at: moment,
            connection
        )
    }

    /// Returns the answer that a path had, otherwise the newest one that did not fail.
    private func previousAnswer(
        to question: MessageRow,
        on path: Int64,
        _ connection: Connection
    ) throws(StoreError) -> MessageRow? {
        if let number = try PathRows.message(at: question.position + 1, on: path, connection),
            let message = try MessageRows.find(number, connection), message.parent == question.number,
            message.role == .assistant
        {
            return message
        }
        guard let number = try SiblingRows.lastUsableAnswer(to: question.number, connection) else { return nil }
        return try MessageRows.find(number, connection)
    }

    /// Sets the question's status: `failed` until it has an answer.
    func updateQuestionStatus(
        _ status: Run.Status,
        hasAnswer: Bool,
        _ connection: Connection
    ) throws(StoreError) {
        guard let number = row.message else { return }
        if status == .failed {
            guard try !SiblingRows.hasUsableAnswer(to: number, connection) else { return }
            try MessageRows.setStatus(.failed, of: number, connection)
        } else if hasAnswer, row.questionStatus == .failed {
            try MessageRows.setStatus(.completed, of: number, connection)
        }
    }
}
