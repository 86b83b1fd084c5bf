import Contracts
import GRDB
import Logging

extension SQLiteStore {
    /// Maximum number of messages per commit, and size of their texts in bytes above which the rest follows in the next
    /// one, so that other writes are not delayed.
    private static let importCount = 200
    private static let importBytes = 1024 * 1024

    func importConversation(
        _ imported: ImportedConversation,
        of principal: Principal
    ) async throws -> Result<Conversations.Imported, Fault> {
        let batches = Self.batches(imported.messages)
        if batches.count == 1 {
            return try await database.write { connection throws(StoreError) in
                if let known = try Self.known(imported.id, principal, connection) { return known }
                let row = try Self.begin(imported, of: principal, state: .stored, connection)
                let last = try Self.append(imported.messages[...], after: nil, to: row, imported, connection)
                try Self.finish(imported, by: principal, row, last: last, connection)
                return .success(.init(messageCount: imported.messages.count, isNew: true))
            }
        }
        let known = try await database.read { connection throws(StoreError) in
            try Self.known(imported.id, principal, connection)
        }
        if let known { return known }
        return try await importInBatches(batches, imported, of: principal)
    }

    /// Stores a hidden conversation batch by batch and shows it with the last one.
    private func importInBatches(
        _ batches: [ArraySlice<RunStep>],
        _ imported: ImportedConversation,
        of principal: Principal
    ) async throws -> Result<Conversations.Imported, Fault> {
        let row = try await database.write { connection throws(StoreError) in
            try Self.begin(imported, of: principal, state: .importing, connection)
        }
        do {
            var last: ImportedPlace?
            for batch in batches.dropLast() {
                last = try await database.write { [last] connection throws(StoreError) in
                    try Self.append(batch, after: last, to: row, imported, connection)
                }
            }
            return try await database.write { [last] connection throws(StoreError) in
                if let known = try Self.known(imported.id, principal, connection) {
                    try Self.abandon(row, connection)
                    return known
                }
                let last = try Self.append(batches[batches.count - 1], after: last, to: row, imported, connection)
                try connection.run(
                    "UPDATE conversations SET id = ?, state = 0 WHERE number = ?",
                    [imported.id.description, row.number]
                )
                try Self.finish(imported, by: principal, row, last: last, connection)
                return .success(.init(messageCount: imported.messages.count, isNew: true))
            }
        } catch {
            do {
                try await database.write { connection throws(StoreError) in try Self.abandon(row, connection) }
            } catch {
                let metadata: Logger.Metadata = ["error": "\(error)"]
                Logger.current.warning("Rows of an import are deleted after the next start", metadata: metadata)
            }
            throw error
        }
    }

    private static func batches(_ messages: [RunStep]) -> [ArraySlice<RunStep>] {
        var (batches, first, bytes): ([ArraySlice<RunStep>], Int, Int) = ([], 0, 0)
        for (index, step) in messages.enumerated() {
            if index - first == importCount || (bytes > importBytes && index > first) {
                batches.append(messages[first..<index])
                (first, bytes) = (index, 0)
            }
            bytes += step.message.content.text.utf8.count
        }
        return batches + [messages[first...]]
    }

    /// Returns the result for a conversation that already has the id.
    private static func known(
        _ id: Conversation.ID,
        _ principal: Principal,
        _ connection: Connection
    ) throws(StoreError) -> Result<Conversations.Imported, Fault>? {
        guard let known = try ConversationRows.find(id, connection) else { return nil }
        guard known.stored.refusal(for: principal) == nil else {
            return .failure(Fault(.conflict, "A conversation of another user has this id."))
        }
        return .success(.init(messageCount: known.stored.messageCount, isNew: false))
    }

    private static func begin(
        _ imported: ImportedConversation,
        of principal: Principal,
        state: ConversationRow.State,
        _ connection: Connection
    ) throws(StoreError) -> ConversationRow {
        let moment = imported.run.createdAt
        let conversation = StoredConversation(
            id: imported.id,
            user: principal.user,
            persona: BuiltInPersonas.assistant.persona.id,
            createdAt: moment,
            updatedAt: moment,
            messageCount: 0,
            hasInstructions: true
        )
        // The id is taken when the conversation is shown.
        let id = state == .stored ? nil : "importing \(Conversation.ID(at: moment))"
        let row = try ConversationRows.insert(conversation, id: id, state: state, connection)
        try ConversationRows.setInstructions(imported.instructions, of: row.number, connection)
        return row
    }

    /// The last message of an import so far.
    private struct ImportedPlace {
        var message: Int64
        var position: Int
        /// Number of the message that the run answers, if it is stored.
        var question: Int64?
    }

    private static func append(
        _ messages: ArraySlice<RunStep>,
        after last: ImportedPlace?,
        to row: ConversationRow,
        _ imported: ImportedConversation,
        _ connection: Connection
    ) throws(StoreError) -> ImportedPlace {
        var last = last
        for (index, step) in zip(messages.indices, messages) {
            let position = last.map { $0.position + 1 } ?? 0
            let place = MessageRows.Place(path: row.path, position: position, parent: last?.message ?? -row.number)
            let number = try MessageRows.insert(step, of: row.number, at: place, connection)
            let question = index == imported.questionIndex ? number : last?.question
            last = ImportedPlace(message: number, position: position, question: question)
        }
        guard let last else { throw .unreadable("an import has no messages") }
        return last
    }

    private static func finish(
        _ imported: ImportedConversation,
        by principal: Principal,
        _ row: ConversationRow,
        last: ImportedPlace,
        _ connection: Connection
    ) throws(StoreError) {
        let (run, count) = (imported.run, imported.messages.count)
        let moment = run.createdAt
        try ConversationRows.addMessages(count, onPath: count, isUse: true, to: row.number, at: moment, connection)
        Counters.add(1, to: .conversations, connection)
        Counters.add(1, to: .conversationsWith(row.stored.persona), connection)
        let place = RunRows.Place(conversation: row.number, message: last.question, path: row.path)
        try RunRows.insert(run, place, options: nil, apiKey: principal.key, owner: 0, connection)
        guard let number = try RunRows.find(run.id, connection)?.number else {
            throw .unreadable("the run of an import was not stored")
        }
        let finish = FinishRun(run: run.id, end: imported.end, answer: nil, lastEvent: run.lastEvent, moment: moment)
        try RunRows.finish(number, finish, answer: last.message, connection)
    }

    private static func abandon(_ row: ConversationRow, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE conversations SET state = 2 WHERE number = ? AND state = 1", [row.number])
    }
}
