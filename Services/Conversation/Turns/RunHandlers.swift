import Bus
import Contracts

/// Handles the endpoints that start, complete, find, follow and cancel runs.
struct RunHandlers: Sendable {
    let conversations: LiveConversations
    let runs: LiveRuns
    let store: any RunStore

    func start(_ request: Runs.Start, _ context: CallContext) async throws -> ElementStream<Run.Event> {
        switch try await accept(request, context, isStreamed: true) {
        case .inProgress(let liveRun): return RunEventReader(store: store, liveRun: liveRun).stream(after: 0)
        case .finished(let run): return RunEventReader.events(of: try await finishedRun(run), after: 0)
        }
    }

    func complete(_ request: Runs.Complete, _ context: CallContext) async throws -> Turn {
        switch try await accept(request.start, context, isStreamed: false) {
        case .inProgress(let liveRun):
            let end = try await liveRun.end()
            // A repeat may have joined a request that was rejected later.
            if let rejection = liveRun.rejection { throw rejection }
            let question = try await currentQuestion(liveRun.question, of: request.start.conversation, end)
            return Turn(run: liveRun.run.id, userMessage: question, end: end)
        case .finished(let run):
            let finished = try await finishedRun(run)
            guard let stored = finished.question else { throw Fault(.missing, "Run not found") }
            let end = finished.fullEnd
            let question = try await currentQuestion(stored, of: request.start.conversation, end)
            return Turn(run: run, userMessage: question, end: end)
        }
    }

    /// Returns a question with its status after the end of its run: a failed run marks it, unless it has another answer.
    private func currentQuestion(
        _ question: Message,
        of conversation: Conversation.ID,
        _ end: Run.End
    ) async throws -> Message {
        guard end.status == .failed,
            case .success(let stored) = try await store.findMessage(
                question.id,
                orItsQuestion: false,
                in: conversation
            )
        else { return question }
        var question = question
        question.status = stored.status
        return question
    }

    func find(_ request: Runs.Find, _ context: CallContext) async throws -> Run {
        try await find(request.run, in: request.conversation, of: context.requirePrincipal())
    }

    func follow(_ request: Runs.Follow, _ context: CallContext) async throws -> ElementStream<Run.Event> {
        guard request.after >= 0 else { throw Fault(.invalid, "`after` must not be negative.") }
        let principal = try context.requirePrincipal()
        // Looked up before the store: a run that finishes in between is then found in the store.
        var liveRun = runs.find(request.run)
        let run = try await store.findRun(request.run, in: request.conversation, of: principal).get()
        if liveRun == nil, !run.status.isFinal {
            // The run of an earlier process: its conversation takes it over when it is loaded.
            liveRun = try await conversations.with(request.conversation, of: principal) { _ in runs.find(request.run) }
        }
        if let liveRun { return RunEventReader(store: store, liveRun: liveRun).stream(after: request.after) }
        return RunEventReader.events(of: try await finishedRun(request.run), after: request.after)
    }

    func cancel(_ request: Runs.Cancel, _ context: CallContext) async throws -> Run {
        let principal = try context.requirePrincipal()
        try await conversations.with(request.conversation, of: principal) { conversation in
            try await conversation.cancel(request.run)
        }
        return try await find(request.run, in: request.conversation, of: principal)
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

    /// Returns a run that is not in progress.
    ///
    /// Throws `unavailable` if its end is not stored yet.
    private func finishedRun(_ id: Run.ID) async throws -> FinishedRun {
        switch try await store.readEvents(of: id, after: 0) {
        case .finished(let run): return run
        case .inProgress:
            throw Fault(.unavailable, "The end of this run is not stored yet. Try again in a moment.", retryAfter: 1)
        case .missing: throw Fault(.missing, "Run not found")
        }
    }

    private func find(_ id: Run.ID, in conversation: Conversation.ID, of principal: Principal) async throws -> Run {
        let live = runs.find(id)?.current
        let run = try await store.findRun(id, in: conversation, of: principal).get()
        return run.status.isFinal ? run : live ?? run
    }
}
