import Bus
import Contracts
import Logging

/// A conversation in use: owns the order of its turns, which run one at a time, and knows its newest messages.
///
/// It is never held while an answer is made: other turns may be accepted meanwhile, up to a bound.
actor LiveConversation {
    /// How many turns may wait behind the one that runs.
    static let queueLimit = 16

    /// What it needs of the rest of the service.
    struct Surroundings: Sendable {
        var database: Database
        var inference: any Bus
        var windows: ModelWindows
        /// How long a generation may take.
        var runLimit: Duration
        var log: RunLog
        var ledger: RunLedger
        var tasks: RunTasks
        var runs: LiveRuns
        var book: AccessBook
    }

    /// What became of a request.
    enum Acceptance: Sendable {
        /// A run that goes on, or waits.
        case going(RunFeed)
        /// It was a repeat, and its run has ended.
        case ended(Run.ID)
    }

    nonisolated let record: StoredConversation
    let surroundings: Surroundings
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
        surroundings: Surroundings
    ) {
        self.record = record
        personaPrompt = PersonaPrompt.text(for: persona)
        self.surroundings = surroundings
        history = History(newest.map(\.message), total: record.messageCount, pathVersion: pathVersion)
        turns = waiting
    }

    /// Begins what an earlier process left waiting.
    func resume() {
        for turn in turns { surroundings.runs.adopt(turn.feed, of: record.user, key: turn.context.principal?.key) }
        advance()
    }

    /// Whether nothing is going on.
    var isIdle: Bool { turns.isEmpty }

    /// Stores what is asked and lines up its run; returns when both are on the disk.
    func accept(
        _ request: Runs.Start,
        _ context: CallContext,
        isWatched: Bool,
        now: Timestamp = .now()
    ) async throws -> Acceptance {
        let cause: TurnOpening.Cause
        var failed: Run.ID?
        switch try await earlier(request, at: now) {
        case .accepted(let run): return acceptance(of: run)
        case .failed(let run, let question): (cause, failed) = (.again(question), run)
        case .none: cause = try await self.cause(of: request)
        }
        let wish = try await wish(for: cause, context)
        // From here to the turn's place in the line nothing may come in between; while the store was asked, the same
        // request may have come again.
        if let turn = try going(request) { return .going(turn.feed) }
        try checkOpen()
        try checkLine()
        let opening = TurnOpening(
            conversation: record.number,
            cause: cause,
            run: Run(for: cause, in: record.id, waits: !turns.isEmpty, at: now),
            key: request.requestKey,
            failed: failed,
            principal: context.principal,
            wish: wish
        )
        let turn = LiveTurn(opening, context, isWatched: isWatched)
        turns.append(turn)
        if let known = try await store(turn, opening) { return acceptance(of: known) }
        mark(turn.feed.run.id) { $0.isStored = true }
        if turn.feed.isStopped || isDeleted { await finishUnbegun(turn) } else { advance() }
        return .going(turn.feed)
    }

    private func acceptance(of run: Run.ID) -> Acceptance {
        surroundings.runs.find(run).map { .going($0) } ?? .ended(run)
    }

    private func checkOpen() throws {
        guard !isDeleted else { throw Fault(.missing, "Conversation not found") }
        try surroundings.tasks.checkOpen()
    }

    private func checkLine() throws {
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
        guard let turn = turns.first(where: { $0.feed.run.id == run }) else { return }
        turn.feed.stop()
        if turn.isRunning {
            surroundings.tasks.cancel(run)
            _ = try await turn.feed.end()
        } else if turn.isStored, !turn.isStopped {
            await finishUnbegun(turn)
        } else {
            // Whoever stores it, or has stopped it already, ends it.
            _ = try await turn.feed.end()
        }
    }

    /// Ends a turn before it was begun.
    private func finishUnbegun(_ turn: LiveTurn) async {
        mark(turn.feed.run.id) { $0.isStopped = true }
        var draft = RunDraft(arrival: turn.arrival)
        draft.status = .stopped
        _ = await surroundings.ledger.finish(turn.feed, draft: draft)
        advance()
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
            for turn in turns.reversed() { try await cancel(turn.feed.run.id) }
            let number = record.number
            return try await surroundings.database.write { database in
                try ConversationRows.delete(number, in: database)
            }
        } catch {
            isDeleted = false
            advance()
            throw error
        }
    }

    /// Commits the question and the run; only then is the first event told.
    ///
    /// Answers the run that the turn's key stands for, if it does so already: then nothing was stored.
    private func store(_ turn: LiveTurn, _ opening: TurnOpening) async throws -> Run.ID? {
        let feed = turn.feed
        do {
            try surroundings.runs.add(feed, of: record.user, key: turn.context.principal?.key)
            switch try await surroundings.database.write({ try opening.perform(in: $0) }) {
            case .opened(let question):
                feed.settle(question)
                feed.append(RunEventLine.event(Run.Event(number: 1, userMessage: question.message)))
                return nil
            case .known(let run):
                remove(turn, after: Fault(.unavailable, "This request was sent twice at once. Send it again."))
                return run
            case .refused(let fault): throw fault
            }
        } catch {
            remove(turn, after: error as? Fault)
            throw error
        }
    }

    /// Takes a turn that could not be stored out of the line.
    private func remove(_ turn: LiveTurn, after fault: Fault?) {
        turns.removeAll { $0.feed.run.id == turn.feed.run.id }
        surroundings.runs.remove(turn.feed)
        turn.feed.finish(nil, end: Run.End(status: .failed, assistantMessage: nil, fault: fault))
        // The one behind it may be waiting for this one alone.
        advance()
    }

    private func mark(_ run: Run.ID, _ change: (inout LiveTurn) -> Void) {
        guard let index = turns.firstIndex(where: { $0.feed.run.id == run }) else { return }
        change(&turns[index])
    }

    /// Starts the first turn if it is stored and nothing runs.
    private func advance() {
        while let turn = turns.first, turn.isStopped {
            turns.removeFirst()
        }
        guard !isDeleted, let turn = turns.first, turn.isStored, !turn.isRunning else { return }
        // What the disk says has begun, the next process would take for cut off: it is begun even now.
        guard turn.isBegun || !surroundings.tasks.isDraining else {
            return leaveForNextStart("The service is about to stop.")
        }
        turns[0].isRunning = true
        surroundings.tasks.start(turn.feed.run.id) { await self.perform(turn) }
    }

    /// Lets go of the turns that the next process will begin, and of their watchers.
    private func leaveForNextStart(_ reason: String) {
        let fault = Fault(
            .unavailable,
            "\(reason) The message is stored, and is answered when the service has been started again.",
            retryAfter: 1
        )
        for turn in turns where turn.isStored {
            surroundings.runs.remove(turn.feed)
            turn.feed.finish(nil, end: Run.End(status: .queued, assistantMessage: nil, fault: fault))
        }
        turns.removeAll { $0.isStored }
    }

    /// Says that the turn behind a run will have begun once that run has ended; answers its run.
    private func announceNext(after run: Run.ID) -> Run.ID? {
        guard turns.count > 1, turns[0].feed.run.id == run, turns[1].isStored, !turns[1].isStopped, !isDeleted,
            !surroundings.tasks.isDraining
        else { return nil }
        turns[1].isBegun = true
        return turns[1].feed.run.id
    }

    private func perform(_ turn: LiveTurn) async {
        do {
            if !turn.isBegun { try await surroundings.ledger.begin(turn.feed.run.id) }
        } catch {
            let metadata: Logger.Metadata = ["run.id": "\(turn.feed.run.id)", "error": "\(error)"]
            Logger.current.error("Run's beginning not stored, so no model is asked", metadata: metadata)
            return leaveForNextStart("The disk with the conversations cannot be written.")
        }
        let generation = Generation(
            feed: turn.feed,
            isWatched: turn.isWatched,
            arrival: turn.arrival,
            context: turn.context,
            limit: surroundings.runLimit,
            inference: surroundings.inference,
            windows: surroundings.windows,
            log: surroundings.log,
            ledger: surroundings.ledger,
            next: { await self.announceNext(after: turn.feed.run.id) }
        )
        let ending: RunLedger.Ending
        do {
            try await recall(turn)
            let limit = try await answerLimit(of: turn)
            ending = await generation.perform(
                Generation.Prompt(system: try await system(), history: history, answerLimit: limit)
            )
        } catch {
            ending = await generation.fail(error)
        }
        if let answer = ending.answer { history.append(answer) }
        turns.removeAll { $0.feed.run.id == turn.feed.run.id }
        // What was to begin with that end has not, if the end is not on the disk.
        if !ending.isStored, !turns.isEmpty { turns[0].isBegun = false }
        advance()
    }

    /// Brings the history to a turn's question.
    private func recall(_ turn: LiveTurn) async throws {
        let question = turn.feed.question
        if turn.isContinuation, history.isFollowed(by: question.message, pathVersion: question.pathVersion) {
            history.append(question.message)
            return
        }
        let (recalled, answers) = try await surroundings.database.read { [record] database in
            try History.recall(question, of: record.number, in: database)
        }
        var settled = question
        settled.answers = answers
        turn.feed.settle(settled)
        history = recalled
    }
}
