import Contracts

extension SQLiteStore {
    func findRun(
        _ id: Run.ID,
        in conversation: Conversation.ID,
        of principal: Principal
    ) async throws -> Result<Run, Fault> {
        try await database.read { connection throws(StoreError) in
            switch try ConversationRows.find(conversation, of: principal, connection) {
            case .failure(let refusal): return .failure(refusal)
            case .success(let row):
                guard let run = try RunRows.find(id, connection), run.conversation == row.number else {
                    return .failure(Fault(.missing, "Run not found"))
                }
                return .success(run.run)
            }
        }
    }

    func readEvents(of run: Run.ID, after number: Int) async throws -> StoredEvents {
        try await database.read { connection throws(StoreError) in
            guard let row = try RunRows.find(run, connection) else { return .missing }
            guard row.run.status.isFinal else {
                return .inProgress(try RunEventRows.list(of: run, after: number, connection))
            }
            let end = row.end ?? Run.End(status: row.run.status, assistantMessage: nil, fault: row.run.fault)
            return .finished(try Self.finished(row, end, connection))
        }
    }

    private static func finished(
        _ row: RunRow,
        _ end: Run.End,
        _ connection: Connection
    ) throws(StoreError) -> FinishedRun {
        let question = try row.message.flatMap { number throws(StoreError) in
            try MessageRows.read(number, connection)?.asQuestion(of: row.run.id)
        }
        var steps: [RunStep] = []
        for number in try stepNumbers(of: row, connection) {
            if let step = try MessageRows.readStep(number, connection) { steps.append(step) }
        }
        // A run that ended after a stored step has no answer of its own.
        let hasAnswer = row.answer != nil && row.answer != row.step
        let answer = hasAnswer ? steps.popLast() : nil
        return FinishedRun(run: row.run, question: question, steps: steps, answer: answer, end: end)
    }

    /// Returns the numbers of the messages of a run, oldest first, found from the last one.
    static func stepNumbers(of row: RunRow, _ connection: Connection) throws(StoreError) -> [Int64] {
        var numbers: [Int64] = []
        var next = row.answer ?? row.step
        while let number = next, number != row.message, number > 0 {
            numbers.append(number)
            // Usually the answer is the only one.
            guard row.step != nil else { break }
            next = try MessageRows.find(number, connection)?.parent
        }
        return numbers.reversed()
    }
}
