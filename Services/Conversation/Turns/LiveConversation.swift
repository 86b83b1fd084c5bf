import Bus
import Contracts
import Logging

/// A conversation in use: runs its turns one at a time, in order, and caches its newest messages.
///
/// Does not block during a generation; up to `queueLimit` further turns can be queued. The states of a turn and their
/// order are in ``TurnState``.
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
    /// The size of its history.
    nonisolated let memory: HistoryBudget.Share
    let parts: LiveConversationParts
    private let usesMemories: Bool
    /// The persona as it was read last; see ``persona()``.
    var knownPersona: LivePersona
    private(set) var turns: [LiveTurn] = []
    var isDeleted = false
    /// `nil` if it must be read before the next turn.
    private var history: History? {
        didSet { memory.set(history?.bytes ?? 0) }
    }

    /// - Parameters:
    ///   - recalled: the stored conversation; its queued turns are started by ``resume()``.
    ///   - personaRevision: the revision before it was read.
    ///   - parts: the parts of the service for turns.
    init(_ recalled: RecalledConversation, personaRevision: Int, parts: LiveConversationParts) {
        record = recalled.conversation
        usesMemories = TurnMemories.apply(to: recalled)
        knownPersona = LivePersona(recalled.persona, of: recalled.conversation, revision: personaRevision)
        memory = parts.budget.share()
        self.parts = parts
        history = History(recalled.history)
        memory.set(history?.bytes ?? 0)
        turns = recalled.queued.map { LiveTurn($0, user: recalled.conversation.user) }
        for turn in turns { parts.runs.addRecovered(turn.liveRun, of: record.user, key: turn.context.principal?.key) }
    }

    /// Starts the first of the queued turns; returns `false` if it must be tried again.
    func resume() -> Bool {
        startNextTurn()
        if turns.isEmpty { parts.resumptions.remove(record.id) }
        return turns.isEmpty || turns.contains { $0.state == .running }
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
        if let turn = try queuedTurn(for: request) { return .inProgress(turn.liveRun) }
        let cause: StartTurn.Cause
        let question: Message?
        let options: Run.Options?
        switch try await parts.acceptance.resolve(request) {
        case .known(let run): return acceptance(of: run)
        case .new(let new, let stored, let chosen): (cause, question, options) = (new, stored, chosen)
        }
        if let refusal = try await persona().refusal { throw refusal }
        var usageRequest: UsageRequest?
        if parts.acceptance.usage.isLimited(context) { usageRequest = try await estimate(cause, options, context) }
        while true {
            // No suspension from here until the turn is queued. During the reads above, the same request may have been
            // repeated.
            if let turn = try queuedTurn(for: request) { return .inProgress(turn.liveRun) }
            try checkAccepting()
            let startTurn = StartTurn(
                conversation: record.id,
                cause: cause,
                run: Run(for: cause, in: record.id, waits: !turns.isEmpty, at: now),
                options: options,
                key: request.idempotencyKey,
                principal: context.principal,
                usageRequest: usageRequest
            )
            let turn = LiveTurn(startTurn, question: startTurn.question(question), context, isStreamed: isStreamed)
            turns.append(turn)
            switch try await store(turn, startTurn) {
            case .started: return .inProgress(turn.liveRun)
            case .duplicate(let run): return acceptance(of: run)
            case .needsEstimate: usageRequest = try await estimate(cause, options, context)
            }
        }
    }

    /// Stores a turn that is in the queue, and starts it if it is the first one.
    private func store(_ turn: LiveTurn, _ startTurn: StartTurn) async throws -> TurnAcceptance.Outcome {
        let outcome: TurnAcceptance.Outcome
        do {
            outcome = try await parts.acceptance.store(turn, startTurn, of: record.user)
        } catch {
            remove(turn.id)
            throw error
        }
        guard case .started(let pathVersion) = outcome else {
            remove(turn.id)
            return outcome
        }
        update(turn.id) { stored in
            stored.pathVersion = pathVersion
            return stored.apply(startTurn.run.status == .running ? .storedAsStarted : .storedAsQueued)
        }
        if self.turn(turn.id)?.state == .stopping { await finishUnstarted(turn) } else { startNextTurn() }
        return outcome
    }

    private func acceptance(of run: Run.ID) -> Acceptance {
        parts.runs.find(run).map { .inProgress($0) } ?? .finished(run)
    }

    private func checkAccepting() throws {
        guard !isDeleted else { throw Fault(.missing, "Conversation not found") }
        try parts.tasks.checkAccepting()
        guard turns.count <= Self.queueLimit else {
            throw Fault(
                .limited,
                "This conversation already has \(turns.count) turns queued. Wait for an answer.",
                retryAfter: 1
            )
        }
    }

    /// Returns the queued or running turn that has the request's idempotency key.
    ///
    /// Throws `key_reused` if the key was used with another message.
    private func queuedTurn(for request: Runs.Start) throws -> LiveTurn? {
        guard let key = request.idempotencyKey, let turn = turns.first(where: { $0.key == key }) else { return nil }
        try TurnAcceptance.check(request, against: turn.liveRun.question.content, turn.options)
        return turn
    }

    private func estimate(
        _ cause: StartTurn.Cause,
        _ options: Run.Options?,
        _ context: CallContext
    ) async throws -> UsageRequest {
        let memories = usesMemories ? parts.memories.tokenLimit(for: record.user) : 0
        let system = TokenEstimate.tokens(in: try await systemText()) + memories
        let prompt = (history?.tokens ?? []).reduce(system, +)
        return await parts.acceptance.usage.estimate(cause, options, promptTokens: prompt, context)
    }

    // MARK: The queue

    func turn(_ run: Run.ID) -> LiveTurn? {
        turns.first { $0.id == run }
    }

    @discardableResult
    func update(_ run: Run.ID, _ change: (inout LiveTurn) -> Bool) -> Bool {
        guard let index = turns.firstIndex(where: { $0.id == run }) else { return false }
        return change(&turns[index])
    }

    func remove(_ run: Run.ID) {
        turns.removeAll { $0.id == run }
    }

    /// Starts the first turn that is not stopped, if it is stored and no turn is running.
    func startNextTurn() {
        guard !isDeleted, let turn = turns.first(where: { $0.state != .stopping }), turn.state.isReady else { return }
        // The next process treats a run that is stored as started as interrupted, so such a run is started even during
        // shutdown.
        guard turn.state == .started || !parts.tasks.isDraining else {
            return deferTurns("The service is shutting down.")
        }
        update(turn.id) { $0.apply(.taskStarted) }
        parts.tasks.start(turn.id) { await self.perform(turn) }
    }

    /// Tells the readers of the queued turns that the answers come later.
    ///
    /// The turns stay in the queue: they can be stopped, and are started by a later ``resume()`` or process.
    private func deferTurns(_ reason: String) {
        let isDraining = parts.tasks.isDraining
        let fault = Fault(
            .unavailable,
            "\(reason) The message is stored and will be answered later.",
            retryAfter: 1
        )
        for index in turns.indices where turns[index].state.isStored && turns[index].state != .stopping {
            let turn = turns[index]
            parts.runs.remove(turn.liveRun)
            turns[index].apply(.deferred)
            turns[index].renew()
            if !isDraining {
                let key = turn.context.principal?.key
                parts.runs.addRecovered(turns[index].liveRun, of: record.user, key: key)
            }
            turn.liveRun.finish(nil, end: Run.End(status: .queued, assistantMessage: nil, fault: fault))
        }
        if !isDraining { parts.resumptions.retry(record.id) }
    }

    /// Marks the turn after a run as started and returns its run; `nil` if no turn is ready.
    private func claimNext(after run: Run.ID) -> Run.ID? {
        guard !isDeleted, !parts.tasks.isDraining, let index = turns.firstIndex(where: { $0.id == run }),
            let next = turns[(index + 1)...].first(where: { $0.state != .stopping }), next.state == .queued
        else { return nil }
        update(next.id) { $0.apply(.claimed) }
        return next.id
    }

    // MARK: Running

    private func perform(_ turn: LiveTurn) async {
        guard await begin(turn) else { return }
        parts.resumptions.remove(record.id)
        let generation = Generation(turn: turn, generator: parts.generator) { await self.claimNext(after: turn.id) }
        let outcome: RunWriter.Outcome
        do {
            let persona = try await persona()
            let tools = turn.options.tools ?? persona.tools
            let prompt = Generation.Prompt(
                system: try await systemText(),
                history: try await loadHistory(for: turn),
                answerLimit: try await answerLimit(of: turn),
                tools: tools,
                memories: usesMemories ? await parts.memories.memories(for: turn, of: record.user, tools: tools) : [],
                form: persona.form
            )
            outcome = await generation.perform(prompt)
        } catch {
            outcome = await generation.fail(error)
        }
        if outcome.isStored {
            for message in outcome.messages { history?.append(message) }
            if usesMemories {
                parts.memories.didFinish(
                    turn,
                    outcome,
                    of: record.user,
                    tools: turn.options.tools ?? knownPersona.tools
                )
            }
            parts.transcripts?.conversationChanged(record)
        } else {
            // The end may be stored later.
            history = nil
        }
        remove(turn.id)
        // The next turn was to be stored as started in the same commit; if that failed, it is not started.
        for index in turns.indices { turns[index].apply(outcome.isStored ? .claimStored : .claimReleased) }
        startNextTurn()
    }

    /// Stores that a turn starts, unless it is stored; returns whether it may start.
    private func begin(_ turn: LiveTurn) async -> Bool {
        guard turn.state != .started else { return true }
        do {
            guard case .notOwner = try await parts.generator.runWriter.begin(turn.id) else { return true }
            parts.generator.runWriter.abandon(turn.liveRun)
            remove(turn.id)
            startNextTurn()
        } catch {
            let metadata: Logger.Metadata = ["run.id": "\(turn.id)", "error": "\(error)"]
            Logger.current.error("Start of run not stored; the model is not called", metadata: metadata)
            deferTurns("The conversations cannot be written to disk.")
        }
        return false
    }

    /// Returns the maximum number of tokens of a turn's answer from its reservation, which an earlier process may have
    /// made.
    private func answerLimit(of turn: LiveTurn) async throws -> Int? {
        guard turn.mayBeReserved else { return nil }
        return try await parts.acceptance.store.answerLimit(of: turn.id)
    }

    /// Extends or reloads the history so that it ends with the turn's question.
    private func loadHistory(for turn: LiveTurn) async throws -> History {
        let question = turn.liveRun.question
        if turn.isContinuation, var known = history, known.isContinued(by: question, pathVersion: turn.pathVersion) {
            history = nil
            known.append(question)
            history = known
            return known
        }
        let loaded = History(try await parts.acceptance.store.recallHistory(of: turn.id).get())
        history = loaded
        return loaded
    }
}
