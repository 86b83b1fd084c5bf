import Bus
import Contracts
import GRDB

extension SQLiteStore {
    /// Number of tokens above which no older message of a prompt is counted.
    private static let promptTokenLimit = 16_384

    func takeInterruptedRuns(of conversation: Conversation.ID?, limit: Int) async throws -> [InterruptedRun] {
        while true {
            let (taken, unreadable) = try await database.write { connection throws(StoreError) in
                try takeInterrupted(of: conversation, limit: limit, connection)
            }
            // If all of them were set aside, there may be more.
            if !taken.isEmpty || unreadable == 0 { return taken }
        }
    }

    private func takeInterrupted(
        of conversation: Conversation.ID?,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> (taken: [InterruptedRun], unreadable: Int) {
        var number: Int64?
        if let conversation {
            guard let row = try ConversationRows.find(conversation, connection) else { return ([], 0) }
            number = row.number
        }
        var (taken, unreadable, bytes): ([InterruptedRun], Int, Int) = ([], 0, 0)
        for run in try RunRows.abandoned(.running, of: number, by: owner, limit: limit, connection)
        where bytes < Self.pageBytes {
            do {
                guard let interrupted = try Self.interrupted(run, connection) else {
                    try RunRows.setAside(run, because: "its question is missing", at: now(), connection)
                    unreadable += 1
                    continue
                }
                try RunRows.setOwner(owner, of: run, connection)
                taken.append(interrupted)
                bytes += interrupted.events.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
            } catch .unreadable(let reason) {
                try RunRows.setAside(run, because: reason, at: now(), connection)
                unreadable += 1
            }
        }
        return (taken, unreadable)
    }

    /// Reads a run with what is stored of it; `nil` if its question is missing.
    private static func interrupted(_ number: Int64, _ connection: Connection) throws(StoreError) -> InterruptedRun? {
        guard let row = try RunRows.find(number: number, connection) else { return nil }
        var question: Message?
        if let message = row.message {
            guard let found = try MessageRows.read(message, connection) else { return nil }
            question = found
        }
        var events: [Run.Event] = []
        for line in try RunEventRows.list(of: row.run.id, connection) {
            do {
                events.append(try BusCoding.decode(Run.Event.self, from: line))
            } catch {
                throw .unreadable("a stored event cannot be decoded")
            }
        }
        let last = events.last?.number ?? row.run.lastEvent
        var steps: [Message] = []
        for number in try stepNumbers(of: row, connection) {
            if let step = try MessageRows.read(number, connection) { steps.append(step) }
        }
        return InterruptedRun(
            run: row.run,
            question: question,
            steps: steps,
            events: events.filter { $0.number > row.stepEvent },
            lastEvent: max(last, row.stepEvent),
            promptTokens: try events.isEmpty && steps.isEmpty ? [] : promptTokens(of: row, connection)
        )
    }

    /// Returns the sizes of the newest messages that led to a run, as they were stored, without reading texts.
    private static func promptTokens(of row: RunRow, _ connection: Connection) throws(StoreError) -> [Int] {
        guard let path = row.path, let number = row.message, let message = try MessageRows.find(number, connection)
        else { return [] }
        var (tokens, sum): ([Int], Int) = ([], 0)
        try PathRows.each(
            of: path,
            0...message.position,
            order: .descending,
            columns: "m.token_count, m.bytes",
            connection
        ) { columns throws(StoreError) in
            let count: Int = columns[0] ?? TokenEstimate.tokens(inAnswerOf: columns[1])
            tokens.append(count)
            sum += count
            return sum < promptTokenLimit
        }
        return tokens.reversed()
    }

    func takeQueuedRuns(of conversation: Conversation.ID?, limit: Int) async throws -> [Conversation.ID] {
        while true {
            let (conversations, count) = try await database.write { connection throws(StoreError) in
                try takeQueued(of: conversation, limit: limit, connection)
            }
            // If all of them were set aside, there may be more.
            if !conversations.isEmpty || count == 0 { return Array(conversations) }
        }
    }

    private func takeQueued(
        of conversation: Conversation.ID?,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> (conversations: Set<Conversation.ID>, count: Int) {
        var number: Int64?
        if let conversation {
            guard let row = try ConversationRows.find(conversation, connection) else { return ([], 0) }
            number = row.number
        }
        let numbers = try RunRows.abandoned(.queued, of: number, by: owner, limit: limit, connection)
        var conversations: Set<Conversation.ID> = []
        for number in numbers {
            do {
                try RunRows.setOwner(owner, of: number, connection)
                guard let run = try RunRows.find(number: number, connection), !run.isDeleted else { continue }
                conversations.insert(run.run.conversation)
            } catch .unreadable(let reason) {
                try RunRows.setAside(number, because: reason, at: now(), connection)
            }
        }
        return (conversations, numbers.count)
    }

    func deleteOrphanedReservations() async throws {
        try await database.write { connection throws(StoreError) in try ReservationRows.deleteOrphans(connection) }
    }
}
