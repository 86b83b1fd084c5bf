import Contracts

/// Where the question of a turn is, or will be, in its conversation.
///
/// Found before the turn changes anything, so that a turn that cannot be stored leaves nothing behind.
struct TurnPlace {
    private enum Question {
        /// A new message at a place.
        case new(Message.Content, MessageRows.Place, parent: Message.ID?)
        /// A message that is answered again.
        case existing(MessageRow, Message)
    }

    /// A path for the turn.
    private enum Path {
        /// The messages are stored on an existing path.
        case existing(Int64)
        /// A new path leaves another one at a position.
        case fork(of: Int64, at: Int, isSelected: Bool)
    }

    private let conversation: ConversationRow
    private let question: Question
    private let path: Path

    /// Refusals: `missing` if the message does not exist, `invalid` if it cannot be edited or answered.
    static func find(
        for turn: StartTurn,
        in conversation: ConversationRow,
        _ connection: Connection
    ) throws(StoreError) -> Result<TurnPlace, Fault> {
        switch turn.cause {
        case .message(let content):
            return .success(try end(for: content, of: turn, in: conversation, connection))
        case .edit(let id, let content):
            guard let message = try MessageRows.find(id, of: conversation.number, connection) else { return missing }
            return .success(try beside(message, with: content, in: conversation, connection))
        case .regenerate(let id), .retry(let id, of: _):
            guard let message = try MessageRows.find(id, of: conversation.number, connection),
                let question = try MessageRows.read(message.number, connection)
            else { return missing }
            let path = try pathOfAnswer(to: message, turn, in: conversation, connection)
            return .success(
                TurnPlace(conversation: conversation, question: .existing(message, question), path: path)
            )
        }
    }

    private static let missing = Result<TurnPlace, Fault>.failure(Fault(.missing, "Message not found"))

    /// The place after the last message of the selected path.
    private static func end(
        for content: Message.Content,
        of turn: StartTurn,
        in conversation: ConversationRow,
        _ connection: Connection
    ) throws(StoreError) -> TurnPlace {
        var place = MessageRows.Place(path: conversation.path, position: 0, parent: -conversation.number)
        var parent: MessageRow?
        if let last = try PathRows.last(of: conversation, connection) {
            place.parent = last.message
            parent = try MessageRows.find(last.message, connection)
            let isAnswered = parent?.role == .assistant
            // Room for an answer, or for the rest of it, that is stored later.
            let isOpen = turn.run.status == .queued || !isAnswered
            place.position = last.position + (isOpen ? PathRows.reserve : 1)
        }
        if conversation.hasBranches {
            place.sibling = try SiblingRows.nextIndex(after: place.parent, role: .user, connection)
        }
        return TurnPlace(
            conversation: conversation,
            question: .new(content, place, parent: parent?.id),
            path: .existing(conversation.path)
        )
    }

    /// The place of a new version of a message.
    private static func beside(
        _ message: MessageRow,
        with content: Message.Content,
        in conversation: ConversationRow,
        _ connection: Connection
    ) throws(StoreError) -> TurnPlace {
        let sibling = try SiblingRows.nextIndex(after: message.parent, role: .user, connection)
        let place = MessageRows.Place(
            path: message.path,
            position: message.position,
            parent: message.parent,
            sibling: sibling
        )
        let parent = try message.parent < 0 ? nil : MessageRows.find(message.parent, connection)?.id
        return TurnPlace(
            conversation: conversation,
            question: .new(content, place, parent: parent),
            path: .fork(of: message.path, at: message.position, isSelected: true)
        )
    }

    /// The path of another answer to a question: its own path if it has no answer yet, otherwise a new one.
    private static func pathOfAnswer(
        to question: MessageRow,
        _ turn: StartTurn,
        in conversation: ConversationRow,
        _ connection: Connection
    ) throws(StoreError) -> Path {
        let isShown = try PathRows.message(at: question.position, on: conversation.path, connection) == question.number
        let path = try isShown ? conversation.path : PathRows.lastSelected(through: question, connection)
        if try SiblingRows.last(after: question.number, role: .assistant, connection) == nil,
            try !RunRows.hasUnfinished(question.number, connection),
            try PathRows.message(at: question.position + 1, on: path, connection) == nil
        {
            return .existing(try PathRows.owner(of: question.position, on: path, connection))
        }
        var isSelected = true
        if case .retry = turn.cause {
            // A repeated request is not a new choice: later messages stay selected.
            let last = try PathRows.last(of: conversation.path, connection)
            let tail = try last.flatMap { last throws(StoreError) in try MessageRows.find(last.message, connection) }
            isSelected =
                tail?.number == question.number || (tail?.parent == question.number && tail?.role == .assistant)
        }
        return .fork(of: question.path, at: question.position + 1, isSelected: isSelected)
    }

    /// Stores the question, if it is new, and the run.
    func store(_ turn: StartTurn, owner: Int64, _ connection: Connection) throws(StoreError) -> StartTurn.Outcome {
        let moment = turn.run.createdAt
        var (path, pathCount, selected) = (Int64(0), conversation.pathCount, conversation.path)
        var replaces: Int64?
        switch self.path {
        case .existing(let number): path = number
        case .fork(of: let other, at: let position, let isSelected):
            path = try PathRows.fork(other, of: conversation.number, at: position, connection)
            pathCount += 1
            if isSelected { (selected, replaces) = (path, conversation.path) }
        }
        let (message, number) = try storeQuestion(of: turn, on: path, connection)
        if case .existing(let question, _) = question, case .existing = self.path, case .regenerate = turn.cause {
            // The question may be on a path that is not selected.
            let isShown = try PathRows.message(at: question.position, on: selected, connection) == question.number
            if !isShown { selected = try PathRows.lastSelected(through: question, connection) }
        }
        var version = conversation.pathVersion
        if selected != conversation.path {
            version = try ConversationRows.changePath(
                conversation,
                to: selected,
                pathCount: pathCount,
                at: moment,
                connection
            )
        } else if pathCount > conversation.pathCount {
            try ConversationRows.addPath(to: conversation.number, connection)
        }
        let place = RunRows.Place(
            conversation: conversation.number,
            message: number,
            path: path,
            replaces: replaces
        )
        try RunRows.insert(
            turn.run,
            place,
            options: turn.options,
            apiKey: turn.principal?.key,
            owner: owner,
            connection
        )
        return .started(question: message, pathVersion: version)
    }

    /// Returns the question as the run's first event shows it, and its number.
    private func storeQuestion(
        of turn: StartTurn,
        on path: Int64,
        _ connection: Connection
    ) throws(StoreError) -> (Message, Int64) {
        let run = turn.run
        switch question {
        case .existing(let row, let message):
            try MessageRows.setRun(run.id, of: row.number, connection)
            return (message.asQuestion(of: run.id), row.number)
        case .new(let content, var place, let parent):
            place.path = path
            let message = Message(
                id: run.userMessage,
                role: .user,
                content: content,
                status: .completed,
                parent: parent,
                run: run.id,
                tokenCount: TokenEstimate.tokens(in: content.text),
                createdAt: run.createdAt,
                branch: Message.Branch(sibling: place.sibling)
            )
            let number = try MessageRows.insert(
                RunStep(message: message),
                of: conversation.number,
                at: place,
                connection
            )
            let isShown = path == conversation.path
            try ConversationRows.addMessages(
                1,
                onPath: isShown ? 1 : 0,
                isUse: true,
                to: conversation.number,
                at: run.createdAt,
                connection
            )
            return (message, number)
        }
    }
}

extension Message {
    /// Returns the question as the first event of a run shows it, independent of later status changes.
    func asQuestion(of run: Run.ID) -> Message {
        var message = self
        message.status = .completed
        message.run = run
        return message
    }
}
