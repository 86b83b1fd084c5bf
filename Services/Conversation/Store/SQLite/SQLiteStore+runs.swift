import Contracts
import NIOCore

extension SQLiteStore {
    func beginRun(_ run: Run.ID) async throws -> RunWrite {
        try await database.write { connection throws(StoreError) in
            try RunRows.begin(run, owner: owner, connection) ? .stored : .notOwner
        }
    }

    func appendEvents(_ batches: [RunEventBatch]) async throws {
        try await database.write { connection throws(StoreError) in
            for batch in batches {
                try RunEventRows.insert(batch, owner: owner, connection)
                if let model = batch.model { try RunRows.setModel(model, of: batch.run, owner: owner, connection) }
            }
        }
    }

    func appendStep(_ step: RunStep, event: Int, to run: Run.ID) async throws -> Message? {
        try await database.write { connection throws(StoreError) in
            guard let row = try changeableRun(run, connection),
                let stored = try RunMessages(row).append(step, at: now(), connection)
            else { return nil }
            try RunRows.setStep(stored.number, event: event, of: row.number, connection)
            return stored.message
        }
    }

    func finishRun(_ ending: FinishRun) async throws -> FinishRun.Outcome {
        try await database.write { connection throws(StoreError) in try finish(ending, connection) }
    }

    func finishRuns(_ endings: [FinishRun]) async throws {
        try await database.write { connection throws(StoreError) in
            for ending in endings { _ = try finish(ending, connection) }
        }
    }

    private func finish(_ ending: FinishRun, _ connection: Connection) throws(StoreError) -> FinishRun.Outcome {
        guard let row = try changeableRun(ending.run, connection) else { return .notOwner }
        let messages = RunMessages(row)
        var answer: (message: Message, number: Int64)?
        if let step = ending.answer {
            answer = try messages.append(step, at: ending.moment, connection)
        } else if row.step == nil {
            try messages.restorePreviousAnswer(at: ending.moment, connection)
        }
        try messages.updateQuestionStatus(
            ending.end.status,
            hasAnswer: answer != nil || row.step != nil,
            connection
        )
        try RunRows.finish(row.number, ending, answer: answer?.number ?? row.step, connection)
        try RunEventRows.delete(of: ending.run, connection)
        try QuotaReservations.settle(
            run: ending.run.description,
            of: Principal(user: row.user, key: row.apiKey),
            model: ending.end.model ?? "",
            usage: ending.end.usage,
            at: ending.moment,
            connection
        )
        if let next = ending.next { try RunRows.begin(next, owner: owner, connection) }
        return .finished(answer: answer?.message)
    }

    /// Returns a run that this process may change.
    private func changeableRun(_ id: Run.ID, _ connection: Connection) throws(StoreError) -> RunRow? {
        guard let row = try RunRows.find(id, connection), row.owner == owner, !row.run.status.isFinal, !row.isDeleted
        else { return nil }
        return row
    }

    func startBackgroundRun(_ run: BackgroundRun) async throws -> Result<Void, Fault> {
        try await database.write { connection throws(StoreError) in
            guard let conversation = try ConversationRows.find(run.conversation, connection) else {
                return .failure(Fault(.missing, "Conversation not found"))
            }
            let started = Run(
                id: run.run,
                conversation: run.conversation,
                status: .running,
                model: nil,
                userMessage: Message.ID(at: run.moment),
                assistantMessage: nil,
                lastEvent: 1,
                usage: nil,
                fault: nil,
                createdAt: run.moment,
                endedAt: nil
            )
            let place = RunRows.Place(conversation: conversation.number, purpose: run.purpose)
            try RunRows.insert(started, place, options: run.options, apiKey: nil, owner: owner, connection)
            return .success(())
        }
    }
}
