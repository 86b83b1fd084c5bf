import Bus
import Contracts
import Logging

/// A conversation in use: owns the order of its turns, which run one at a time, and knows its newest messages.
///
/// It is never held while an answer is made: other turns may be accepted meanwhile, up to a bound.
actor LiveConversation {
    /// How many turns may wait behind the one that runs.
    static let queueLimit = 16

    /// What became of a request.
    enum Acceptance: Sendable {
        /// A run that goes on, or waits.
        case inProgress(LiveRun)
        /// It was a repeat, and its run has ended.
        case finished(Run.ID)
    }

    nonisolated let record: StoredConversation
    let dependencies: Dependencies
    private(set) var turns: [LiveTurn] = []
    let personaPrompt: String
    private(set) var history: History
    private var isDeleted = false

    /// `newest`: the newest messages, oldest first.
    ///
    /// `waiting`: the turns that an earlier process accepted and never began, in their order.
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

    /// Begins what an earlier process left waiting.
    func resume() {
        for turn in turns {
            dependencies.runs.addRecovered(turn.liveRun, of: record.user, key: turn.context.principal?.key)
        }
        startNextTurn()
    }

    /// Whether nothing is going on.
    var isIdle: Bool { turns.isEmpty }

    /// Stores what is asked and lines up its run; returns when both are on the disk.
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
        // From here to the turn's place in the line nothing may come in between; while the store was asked, the same
        // request may have come again.
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
                "This conversation has \(turns.count) turns waiting. Wait for an answer.",
                retryAfter: 1
            )
        }
    }

    /// Ends a run wherever it is, and returns it as it ended.
    func cancel(_ run: Run.ID) async throws {
        guard let turn = turns.first(where: { $0.liveRun.run.id == run }) else { return }
        turn.liveRun.requestStop()
        if turn.isRunning {
            dependencies.tasks.cancel(run)
            _ = try await turn.liveRun.end()
        } else if turn.isStored, !turn.isStopped {
            await finishUnstarted(turn)
        } else {
            // Whoever stores it, or has stopped it already, ends it.
            _ = try await turn.liveRun.end()
        }
    }

    /// Ends a turn before it was begun.
    private func finishUnstarted(_ turn: LiveTurn) async {
        update(turn.liveRun.run.id) { $0.isStopped = true }
        var state = RunState(arrival: turn.arrival)
        state.status = .stopped
        _ = await dependencies.runWriter.finish(turn.liveRun, state: state)
        startNextTurn()
    }

    /// Ends what is going on and deletes the conversation.
    ///
    /// Returns how many messages went with it.
    func delete() async throws -> Int {
        guard !isDeleted else { throw Fault(.missing, "Conversation not found") }
        isDeleted = true
        // Once begun it is done, whether or not its caller stays: half of it would leave a conversation that answers nobody.
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

    /// Commits the question and the run; only then is the first event told.
    ///
    /// Answers the run that the turn's key stands for, if it does so already: then nothing was stored.
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
                remove(turn, after: Fault(.unavailable, "This request was sent twice at once. Send it again."))
                return run
            case .rejected(let fault): throw fault
            }
        } catch {
            remove(turn, after: error as? Fault)
            throw error
        }
    }

    /// Takes a turn that could not be stored out of the line.
    private func remove(_ turn: LiveTurn, after fault: Fault?) {
        turns.removeAll { $0.liveRun.run.id == turn.liveRun.run.id }
        dependencies.runs.remove(turn.liveRun)
        turn.liveRun.finish(nil, end: Run.End(status: .failed, assistantMessage: nil, fault: fault))
        // The one behind it may be waiting for this one alone.
        startNextTurn()
    }

    private func update(_ run: Run.ID, _ change: (inout LiveTurn) -> Void) {
        guard let index = turns.firstIndex(where: { $0.liveRun.run.id == run }) else { return }
        change(&turns[index])
    }

    /// Starts the first turn if it is stored and nothing runs.
    private func startNextTurn() {
        while let turn = turns.first, turn.isStopped {
            turns.removeFirst()
        }
        guard !isDeleted, let turn = turns.first, turn.isStored, !turn.isRunning else { return }
        // What the disk says has begun, the next process would take for cut off: it is begun even now.
        guard turn.isStarted || !dependencies.tasks.isDraining else {
            return deferToNextStart("The service is about to stop.")
        }
        turns[0].isRunning = true
        dependencies.tasks.start(turn.liveRun.run.id) { await self.perform(turn) }
    }

    /// Lets go of the turns that the next process will begin, and of their watchers.
    private func deferToNextStart(_ reason: String) {
        let fault = Fault(
            .unavailable,
            "\(reason) The message is stored, and is answered when the service has been started again.",
            retryAfter: 1
        )
        for turn in turns where turn.isStored {
            dependencies.runs.remove(turn.liveRun)
            turn.liveRun.finish(nil, end: Run.End(status: .queued, assistantMessage: nil, fault: fault))
        }
        turns.removeAll { $0.isStored }
    }

    /// Says that the turn behind a run will have begun once that run has ended; answers its run.
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
            Logger.current.error("Run's beginning not stored, so no model is asked", metadata: metadata)
            return deferToNextStart("The disk with the conversations cannot be written.")
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
        // What was to begin with that end has not, if the end is not on the disk.
        if !outcome.isStored, !turns.isEmpty { turns[0].isStarted = false }
        startNextTurn()
    }

    /// Brings the history to a turn's question.
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
