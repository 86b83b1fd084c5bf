import Bus
import Contracts
import GRDB

/// Handles the endpoints that start, complete, find, follow and cancel runs.
struct RunHandlers: Sendable {
    let conversations: LiveConversations
    let runs: LiveRuns
    let database: Database

    func start(_ request: Runs.Start, _ context: CallContext) async throws -> ElementStream<Run.Event> {
        switch try await accept(request, context, isStreamed: true) {
        case .inProgress(let liveRun): return RunEventReader(database: database, liveRun: liveRun).stream(after: 0)
        case .finished(let run):
            return try await database.read { try RunEventReader.stored(try finishedRun(run, $0), after: 0, in: $0) }
        }
    }

    func complete(_ request: Runs.Complete, _ context: CallContext) async throws -> Turn {
        switch try await accept(request.start, context, isStreamed: false) {
        case .inProgress(let liveRun):
            let end = try await liveRun.end()
            // A repeat may have joined a request that was rejected later.
            if let rejection = liveRun.rejection { throw rejection }
            return Turn(run: liveRun.run.id, userMessage: liveRun.question.message, end: end)
        case .finished(let run):
            return try await database.read { database in
                let stored = try finishedRun(run, database)
                let (question, end) = try RunEventReader.turn(of: stored, in: database)
                return Turn(
                    run: run,
                    userMessage: question,
                    end: end ?? Run.End(status: .failed, assistantMessage: nil)
                )
            }
        }
    }

    func find(_ request: Runs.Find, _ context: CallContext) async throws -> Run {
        try await find(request.run, in: request.conversation, context)
    }

    func follow(_ request: Runs.Follow, _ context: CallContext) async throws -> ElementStream<Run.Event> {
        guard request.after >= 0 else { throw Fault(.invalid, "`after` must not be negative.") }
        let principal = try context.requirePrincipal()
        // Looked up before the database read: a run that finishes in between is then found in the database.
        let liveRun = runs.find(request.run)
        return try await database.read { database in
            let run = try find(request.run, in: request.conversation, by: principal, database)
            if let liveRun {
                return RunEventReader(database: self.database, liveRun: liveRun).stream(after: request.after)
            }
            return try RunEventReader.stored(run, after: request.after, in: database)
        }
    }

    func cancel(_ request: Runs.Cancel, _ context: CallContext) async throws -> Run {
        let principal = try context.requirePrincipal()
        try await conversations.with(request.conversation, of: principal) { conversation in
            try await conversation.cancel(request.run)
        }
        return try await find(request.run, in: request.conversation, context)
    }

    private func accept(
        _ request: Runs.Start,
        _ context: CallContext,
        isStreamed: Bool
    ) async throws -> LiveConversation.Acceptance {
        let principal = try context.requirePrincipal()
        return try await conversations.with(request.conversation, of: principal) { conversation in
            try await conversation.accept(request, context, isStreamed: isStreamed)
        }
    }

    /// Returns the finished run of a repeated request.
    private func finishedRun(_ id: Run.ID, _ database: GRDB.Database) throws -> StoredRun {
        guard let run = try RunRows.find(id, in: database) else { throw Fault(.missing, "Run not found") }
        guard run.run.status.isFinal else {
            throw Fault(
                .unavailable,
                "This request has no answer yet, because the service was restarted. Send it again.",
                retryAfter: 1
            )
        }
        return run
    }

    private func find(_ id: Run.ID, in conversation: Conversation.ID, _ context: CallContext) async throws -> Run {
        let principal = try context.requirePrincipal()
        let live = runs.find(id)?.current
        return try await database.read { database in
            let run = try find(id, in: conversation, by: principal, database).run
            return run.status.isFinal ? run : live ?? run
        }
    }

    private func find(
        _ id: Run.ID,
        in conversation: Conversation.ID,
        by principal: Principal,
        _ database: GRDB.Database
    ) throws -> StoredRun {
        try ConversationAccess.check(conversation, by: principal, in: database)
        guard let stored = try RunRows.find(id, in: database), stored.run.conversation == conversation else {
            throw Fault(.missing, "Run not found")
        }
        return stored
    }
}
