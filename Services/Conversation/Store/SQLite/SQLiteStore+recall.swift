import Contracts
import GRDB

extension SQLiteStore {
    func recallConversation(_ id: Conversation.ID) async throws -> Result<RecalledConversation, Fault> {
        try await database.read { connection throws(StoreError) in
            guard let row = try ConversationRows.find(id, connection) else {
                return .failure(Fault(.missing, "Conversation not found"))
            }
            guard let persona = try PersonaRows.find(row.stored.persona, connection) else {
                return .failure(Fault(.missing, "The persona of this conversation was not found."))
            }
            return .success(
                RecalledConversation(
                    conversation: row.stored,
                    persona: persona,
                    history: try Self.history(of: row, on: row.path, PathRows.allPositions, connection),
                    queued: try queuedRuns(of: row, connection)
                )
            )
        }
    }

    func recallPersona(_ id: Persona.ID) async throws -> StoredPersona? {
        try await database.read { connection throws(StoreError) in try PersonaRows.find(id, connection) }
    }

    private func queuedRuns(
        of row: ConversationRow,
        _ connection: Connection
    ) throws(StoreError) -> [RecalledConversation.QueuedRun] {
        var queued: [RecalledConversation.QueuedRun] = []
        for run in try RunRows.queued(in: row.number, owner: owner, connection) {
            guard let number = run.message, let question = try MessageRows.read(number, connection) else { continue }
            queued.append(
                .init(
                    run: run.run,
                    question: question.asQuestion(of: run.run.id),
                    options: run.options,
                    apiKey: run.apiKey
                )
            )
        }
        return queued
    }

    func recallHistory(of run: Run.ID) async throws -> Result<RecalledHistory, Fault> {
        try await database.read { connection throws(StoreError) in
            guard let row = try RunRows.find(run, connection), let path = row.path,
                let last = row.step ?? row.message, let message = try MessageRows.find(last, connection),
                let conversation = try ConversationRows.find(number: row.conversation, connection)
            else { return .failure(Fault(.missing, "Message not found")) }
            return .success(try Self.history(of: conversation, on: path, 0...message.position, connection))
        }
    }

    /// Reads the newest messages of a path in a range of positions.
    static func history(
        of row: ConversationRow,
        on path: Int64,
        _ positions: ClosedRange<Int>,
        _ connection: Connection
    ) throws(StoreError) -> RecalledHistory {
        var (messages, bytes, oldest): ([Message], Int, Int?) = ([], 0, nil)
        try PathRows.each(
            of: path,
            positions,
            order: .descending,
            columns: MessageRows.columns + ", p.position",
            connection
        ) { columns throws(StoreError) in
            let (size, position): (Int, Int) = (columns[7], columns[18])
            guard messages.isEmpty || bytes + size <= RecalledHistory.byteLimit,
                messages.count < RecalledHistory.messageLimit
            else {
                oldest = position
                return false
            }
            messages.append(try MessageRows.read(columns).message)
            bytes += size
            return true
        }
        let older = try oldest.map { position throws(StoreError) in
            try PathRows.count(of: path, 0...position, connection)
        }
        return RecalledHistory(
            messages: messages.reversed(),
            olderCount: older ?? 0,
            pathVersion: path == row.path ? row.pathVersion : nil
        )
    }

    func instructions(of conversation: Conversation.ID) async throws -> String? {
        try await database.read { connection throws(StoreError) in
            guard let row = try ConversationRows.find(conversation, connection) else { return nil }
            return try ConversationRows.instructions(of: row.number, connection)
        }
    }

    func answerLimit(of run: Run.ID) async throws -> Int? {
        try await database.read { connection throws(StoreError) in
            try ReservationRows.find(run.description, connection)?.answerLimit
        }
    }

    func findRun(
        of key: IdempotencyKey,
        in conversation: Conversation.ID
    ) async throws -> KeyedRun? {
        try await database.read { connection throws(StoreError) in
            guard let row = try ConversationRows.find(conversation, connection),
                let id = try RequestKeyRows.find(scope: RequestKeyRows.scope(of: row.number), key, connection),
                let run = try RunRows.find(ColumnCoding.identifier(id), connection), let number = run.message,
                let question = try MessageRows.read(number, connection)
            else { return nil }
            return KeyedRun(run: run.run, question: question, options: run.options)
        }
    }

    func options(of run: Run.ID) async throws -> Run.Options? {
        try await database.read { connection throws(StoreError) in try RunRows.find(run, connection)?.options }
    }

    func findMessage(
        _ id: Message.ID,
        orItsQuestion isQuestion: Bool,
        in conversation: Conversation.ID
    ) async throws -> Result<Message, Fault> {
        try await database.read { connection throws(StoreError) in
            guard let row = try ConversationRows.find(conversation, connection),
                var message = try MessageRows.find(id, of: row.number, connection)
            else { return .failure(Fault(.missing, "Message not found")) }
            // Between an answer and its question there may be other steps of the run, or answers of an imported
            // conversation.
            while isQuestion {
                if try Self.isQuestion(message, connection) { break }
                guard message.parent > 0, let parent = try MessageRows.find(message.parent, connection) else {
                    return .failure(Fault(.invalid, "A greeting answers no message and cannot be regenerated."))
                }
                message = parent
            }
            guard let whole = try MessageRows.read(message.number, connection) else {
                return .failure(Fault(.missing, "Message not found"))
            }
            return .success(whole)
        }
    }

    /// Whether a message can be answered, and is not a step of a run.
    private static func isQuestion(_ message: MessageRow, _ connection: Connection) throws(StoreError) -> Bool {
        guard message.role != .assistant else { return false }
        guard message.role == .tool, let run = message.run else { return true }
        // The run of a tool's result generated it; the run of a question answers it.
        return try RunRows.find(run, connection)?.message == message.number
    }
}
