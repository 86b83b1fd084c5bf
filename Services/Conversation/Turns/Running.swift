import Bus
import Contracts
import GRDB

/// The rules of runs: start one, wait for it, look at it, follow it, end it.
struct Running: Sendable {
    let conversations: LiveConversations
    let runs: LiveRuns
    let database: Database

    func start(_ request: Runs.Start, _ context: CallContext) async throws -> ElementStream<Run.Event> {
        let feed = try await accept(request.content, in: request.conversation, context, isWatched: true)
        return RunWatch.live(feed, after: 0)
    }

    func complete(_ request: Runs.Complete, _ context: CallContext) async throws -> Turn {
        let feed = try await accept(request.content, in: request.conversation, context, isWatched: false)
        let end = try await feed.end()
        return Turn(run: feed.run.id, userMessage: feed.userMessage, end: end)
    }

    func find(_ request: Runs.Find, _ context: CallContext) async throws -> Run {
        try await find(request.run, in: request.conversation, context)
    }

    func follow(_ request: Runs.Follow, _ context: CallContext) async throws -> ElementStream<Run.Event> {
        guard request.after >= 0 else { throw Fault(.invalid, "The number of an event is not negative.") }
        let principal = try context.requirePrincipal()
        // Asked for before the store is: a run that ends in between is then found there.
        let feed = runs.find(request.run)
        return try await database.read { database in
            let run = try find(request.run, in: request.conversation, by: principal, database)
            if let feed { return RunWatch.live(feed, after: request.after) }
            return try RunWatch.stored(run, after: request.after, in: database)
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
        _ content: Message.Content,
        in conversation: Conversation.ID,
        _ context: CallContext,
        isWatched: Bool
    ) async throws -> RunFeed {
        let principal = try context.requirePrincipal()
        return try await conversations.with(conversation, of: principal) { conversation in
            try await conversation.accept(content, context, isWatched: isWatched)
        }
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
