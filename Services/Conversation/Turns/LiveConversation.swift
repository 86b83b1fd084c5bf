import Bus
import Contracts
import Logging

/// A conversation in use: runs its turns one at a time, in order, and caches its newest messages.
///
/// Does not block during a generation; up to `queueLimit` further turns can be queued.
actor LiveConversation {
    /// Maximum number of turns waiting behind the running one.
    static let queueLimit = 16

    /// The result of accepting a request.
    enum Acceptance: Sendable {
        /// The run is queued or in progress.
        case inProgress(LiveRun)
        /// The request was a repeat, and its run has finished.
        case finished(Run.ID)
    }

    nonisolated let record: StoredConversation
    let dependencies: Dependencies
    private(set) var turns: [LiveTurn] = []
    let personaPrompt: String
    private(set) var history: History
    private var isDeleted = false

    /// - Parameters:
    ///   - record: the stored conversation.
    ///   - persona: its persona.
    ///   - newest: its newest messages, oldest first.
    ///   - pathVersion: the path version at which the messages were read.
    ///   - waiting: the turns that an earlier process left queued, in order.
    ///   - dependencies: the parts of the service that it uses.
    init(
        record: StoredConversation,
        persona: StoredPersona,
        newest: [StoredMessage],
        pathVersion: Int,
        waiting: [LiveTurn] = [],
        dependencies: Dependencies
    ) {
        self.record = record
        personaPrompt = PersonaPrompt.text(for: persona)
        self.dependencies = dependencies
        history = History(newest.map(\.message), total: record.messageCount, pathVersion: pathVersion)
        turns = waiting
    }

    /// Starts the turns that an earlier process left queued.
    func resume() {
        for turn in turns {
            dependencies.runs.addRecovered(turn.liveRun, of: record.user, key: turn.context.principal?.key)
        }
        startNextTurn()
    }

    /// Whether no turn is queued or running.
    var isIdle: Bool { turns.isEmpty }

    /// Stores the question and queues its run; returns when both are committed.
    func accept(
        _ request: Runs.Start,
        _ context: CallContext,
        isStreamed: Bool,
        now: Timestamp = .now()
    ) async throws -> Acceptance {
        let cause: StartTurn.Cause
        var failedRun: Run.ID?
        switch try await existingRun(for: request, at: now) {
        case .accepted(let run): return acceptance(of: run)
        case .failed(let run, let question): (cause, failedRun) = (.regenerate(question), run)
        case .none: cause = try await self.cause(of: request)
        }
        let usageRequest = try await usageRequest(for: cause, context)
        // No suspension from here until the turn is queued. During the reads above, the same request may have been
        // repeated.
        if let turn = try queuedTurn(for: request) { return .inProgress(turn.liveRun) }
        try checkAccepting()
        try checkQueueLimit()
        let startTurn = StartTurn(
            conversation: record.number,
            cause: cause,
            run: Run(for: cause, in: record.id, waits: !turns.isEmpty, at: now),
            key: request.idempotencyKey,
            failedRun: failedRun,
            principal: context.principal,
            usageRequest: usageRequest
        )
        let turn = LiveTurn(startTurn, context, isStreamed: isStreamed)
        turns.append(turn)
        if let known = try await store(turn, startTurn) { return acceptance(of: known) }
        update(turn.liveRun.run.id) { $0.isStored = true }
        if turn.liveRun.isStopped || isDeleted { await finishUnstarted(turn) } else { startNextTurn() }
        return .inProgress(turn.liveRun)
    }

    private func acceptance(of run: Run.ID) -> Acceptance {
        dependencies.runs.find(run).map { .inProgress($0) } ?? .finished(run)
    }

    private func checkAccepting() throws {
        guard !isDeleted else { throw Fault(.missing, "Conversation not found") }
        try dependencies.tasks.checkAccepting()
    }

    private func checkQueueLimit() throws {
        guard turns.count <= Self.queueLimit else {
            throw Fault(
                .limited,
                "This conversation already has \(turns.count) turns queued. Wait for an answer.",
                retryAfter: 1
            )
        }
    }

    /// Stops a queued or running turn and waits until its end is stored.
    func cancel(_ run: Run.ID) async throws {
        guard let turn = turns.first(where: { $0.liveRun.run.id == run }) else { return }
        turn.liveRun.requestStop()
        if turn.isRunning {
            dependencies.tasks.cancel(run)
            _ = try await turn.liveRun.end()
        } else if turn.isStored, !turn.isStopped {
            await finishUnstarted(turn)
        } else {
            // The task that stores the turn, or that already stopped it, finishes it.
            _ = try await turn.liveRun.end()
        }
    }

    /// Finishes a turn that was stopped before it started.
    private func finishUnstarted(_ turn: LiveTurn) async {
        update(turn.liveRun.run.id) { $0.isStopped = true }
        var state = RunState(arrival: turn.arrival)
        state.status = .stopped
        _ = await dependencies.runWriter.finish(turn.liveRun, state: state)
        startNextTurn()
    }

    /// Stops all turns and deletes the conversation.
    ///
    /// Returns the number of deleted messages.
    func delete() async throws -> Int {
        guard !isDeleted else { throw Fault(.missing, "Conversation not found") }
        isDeleted = true
        // Not cancelled with the caller: a half-done deletion would leave a conversation that accepts no turns.
        let deletion = Task { try await self.deleteAll() }
        return try await deletion.value
    }

    private func deleteAll() async throws -> Int {
        do {
            for turn in turns.reversed() { try await cancel(turn.liveRun.run.id) }
            let number = record.number
            return try await dependencies.database.write { database in
                try ConversationRows.delete(number, in: database)
            }
        } catch {
            isDeleted = false
            startNextTurn()
            throw error
        }
    }

    /// Commits the question and the run, then publishes the first event.
    ///
    /// Returns the existing run if the turn's idempotency key is already stored; then nothing was stored.
    private func store(_ turn: LiveTurn, _ startTurn: StartTurn) async throws -> Run.ID? {
        let liveRun = turn.liveRun
        do {
            try dependencies.runs.add(liveRun, of: record.user, key: turn.context.principal?.key)
            switch try await dependencies.database.write({ try startTurn.perform(in: $0) }) {
            case .started(let question):
                liveRun.setQuestion(question)
                liveRun.append(RunEventJSON.event(Run.Event(number: 1, userMessage: question.message)))
                return nil
            case .duplicate(let run):
                remove(turn, after: Fault(.unavailable, "The same request is already being processed. Send it again."))
                return run
            case .rejected(let fault): throw fault
            }
        } catch {
            remove(turn, after: error as? Fault)
            throw error
        }
    }

    /// Removes a turn that could not be stored from the queue.
    private func remove(_ turn: LiveTurn, after fault: Fault?) {
        turns.removeAll { $0.liveRun.run.id == turn.liveRun.run.id }
        dependencies.runs.remove(turn.liveRun)
        turn.liveRun.finish(nil, end: Run.End(status: .failed, assistantMessage: nil, fault: fault))
        // The turn behind it may have been waiting for it.
        startNextTurn()
    }

    private func update(_ run: Run.ID, _ change: (inout LiveTurn) -> Void) {
        guard let index = turns.firstIndex(where: { $0.liveRun.run.id == run }) else { return }
        change(&turns[index])
    }

    /// Starts the first turn if it is stored and no turn is running.
    private func startNextTurn() {
        while let turn = turns.first, turn.isStopped {
            turns.removeFirst()
        }
        guard !isDeleted, let turn = turns.first, turn.isStored, !turn.isRunning else { return }
        // The next process treats a run that is stored as started as interrupted, so such a run is started even during
        // shutdown.
        guard turn.isStarted || !dependencies.tasks.isDraining else {
            return deferToNextStart("The service is shutting down.")
        }
        turns[0].isRunning = true
        dependencies.tasks.start(turn.liveRun.run.id) { await self.perform(turn) }
    }

    /// Removes the queued turns, which the next process will start, and finishes their event streams.
    private func deferToNextStart(_ reason: String) {
        let fault = Fault(
            .unavailable,
            "\(reason) The message is stored and will be answered after the next start of the service.",
            retryAfter: 1
        )
        for turn in turns where turn.isStored {
            dependencies.runs.remove(turn.liveRun)
            turn.liveRun.finish(nil, end: Run.End(status: .queued, assistantMessage: nil, fault: fault))
        }
        turns.removeAll { $0.isStored }
    }

    /// Marks the turn after a run as started and returns its run; `nil` if no turn is ready.
    private func markNextStarted(after run: Run.ID) -> Run.ID? {
        guard turns.count > 1, turns[0].liveRun.run.id == run, turns[1].isStored, !turns[1].isStopped, !isDeleted,
            !dependencies.tasks.isDraining
        else { return nil }
        turns[1].isStarted = true
        return turns[1].liveRun.run.id
    }

    private func perform(_ turn: LiveTurn) async {
        do {
            if !turn.isStarted { try await dependencies.runWriter.begin(turn.liveRun.run.id) }
        } catch {
            let metadata: Logger.Metadata = ["run.id": "\(turn.liveRun.run.id)", "error": "\(error)"]
            Logger.current.error("Start of run not stored; the model is not called", metadata: metadata)
            return deferToNextStart("The conversations cannot be written to disk.")
        }
        let generation = Generation(
            liveRun: turn.liveRun,
            isStreamed: turn.isStreamed,
            arrival: turn.arrival,
            context: turn.context,
            timeLimit: dependencies.runLimit,
            inference: dependencies.inference,
            modelCache: dependencies.modelCache,
            eventWriter: dependencies.eventWriter,
            runWriter: dependencies.runWriter,
            next: { await self.markNextStarted(after: turn.liveRun.run.id) }
        )
        let outcome: RunWriter.Outcome
        do {
            try await loadHistory(for: turn)
            let limit = try await answerLimit(of: turn)
            outcome = await generation.perform(
                Generation.Prompt(system: try await systemText(), history: history, answerLimit: limit)
            )
        } catch {
            outcome = await generation.fail(error)
        }
        if let answer = outcome.answer { history.append(answer) }
        turns.removeAll { $0.liveRun.run.id == turn.liveRun.run.id }
        // The next turn was to be stored as started in the same commit; if that failed, it is not started.
        if !outcome.isStored, !turns.isEmpty { turns[0].isStarted = false }
        startNextTurn()
    }

    /// Extends or reloads the history so that it ends with the turn's question.
    private func loadHistory(for turn: LiveTurn) async throws {
        let question = turn.liveRun.question
        if turn.isContinuation, history.isContinued(by: question.message, pathVersion: question.pathVersion) {
            history.append(question.message)
            return
        }
        let (loaded, answers) = try await dependencies.database.read { [record] database in
            try History.load(question, of: record.number, in: database)
        }
        var loadedQuestion = question
        loadedQuestion.answers = answers
        turn.liveRun.setQuestion(loadedQuestion)
        history = loaded
    }
}
