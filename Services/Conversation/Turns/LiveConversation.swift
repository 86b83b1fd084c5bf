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
    }

    nonisolated let record: StoredConversation
    private let system: String
    private let surroundings: Surroundings
    private var history: History
    private var nextPosition: Int
    private var turns: [LiveTurn] = []
    private var isDeleted = false

    /// `newest`: the newest messages, oldest first.
    ///
    /// `waiting`: the turns that an earlier process accepted and never began, in their order.
    init(
        record: StoredConversation,
        persona: StoredPersona,
        newest: [StoredMessage],
        waiting: [LiveTurn] = [],
        surroundings: Surroundings
    ) {
        self.record = record
        system = PersonaPrompt.text(for: persona)
        self.surroundings = surroundings
        // A message whose turn has not come is history only then.
        let first = waiting.first?.feed.position ?? .max
        history = History(newest.filter { $0.position < first }.map(\.message), total: record.messageCount)
        turns = waiting
        // What a user says stands at odd positions; its answer, or the place for it, at the even one after.
        let last = newest.last?.position ?? 0
        nextPosition = last % 2 == 0 ? last + 1 : last + 2
    }

    /// Begins what an earlier process left waiting.
    func resume() {
        for turn in turns { surroundings.runs.adopt(turn.feed, of: record.user) }
        advance()
    }

    /// Whether nothing is going on.
    var isIdle: Bool { turns.isEmpty }

    /// Stores a user's message and lines up its run; returns when both are on the disk.
    func accept(
        _ content: Message.Content,
        _ context: CallContext,
        isWatched: Bool,
        now: Timestamp = .now()
    ) async throws -> RunFeed {
        guard !isDeleted else { throw Fault(.missing, "Conversation not found") }
        guard turns.count <= Self.queueLimit else {
            throw Fault(
                .limited,
                "This conversation has \(turns.count) turns waiting. Wait for an answer.",
                retryAfter: 1
            )
        }
        guard !content.text.utf8.contains(0) else {
            throw Fault(.invalid, "The text holds the character U+0000, which cannot be stored.")
        }
        try surroundings.tasks.checkOpen()
        let turn = makeTurn(content, context, isWatched: isWatched, now: now)
        turns.append(turn)
        nextPosition += 2
        try await store(turn)
        mark(turn.feed.run.id) { $0.isStored = true }
        if turn.feed.isStopped || isDeleted { await finishUnbegun(turn) } else { advance() }
        return turn.feed
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
            let id = record.id
            return try await surroundings.database.write { database in
                let count = try ConversationRows.find(id, in: database)?.messageCount ?? 0
                try ConversationRows.delete(number, in: database)
                return count
            }
        } catch {
            isDeleted = false
            advance()
            throw error
        }
    }

    private func makeTurn(
        _ content: Message.Content,
        _ context: CallContext,
        isWatched: Bool,
        now: Timestamp
    ) -> LiveTurn {
        let run = Run.ID(at: now)
        let message = Message(
            id: Message.ID(at: now),
            role: .user,
            content: content,
            status: .completed,
            parent: nil,
            run: run,
            tokenCount: ContextWindow.estimateTokens(content.text),
            createdAt: now
        )
        let feed = RunFeed(
            run: Run(
                id: run,
                conversation: record.id,
                status: turns.isEmpty ? .running : .queued,
                model: nil,
                userMessage: message.id,
                assistantMessage: nil,
                lastEvent: 1,
                usage: nil,
                fault: nil,
                createdAt: now,
                endedAt: nil
            ),
            userMessage: message,
            conversation: record.number,
            position: nextPosition
        )
        var context = context
        context.deadline = nil
        return LiveTurn(
            feed: feed,
            arrival: .now,
            context: context,
            isWatched: isWatched,
            isBegun: feed.run.status == .running
        )
    }

    /// Commits the message and the run; only then is the first event told.
    private func store(_ turn: LiveTurn) async throws {
        let feed = turn.feed
        let line = RunEventLine.event(Run.Event(number: 1, userMessage: feed.userMessage))
        do {
            try surroundings.runs.add(feed, of: record.user)
            try await surroundings.database.write { database in
                let stored = StoredMessage(position: feed.position, message: feed.userMessage)
                try ConversationRows.noteUse(of: feed.conversation, at: stored.message.createdAt, in: database)
                let number = try MessageRows.insert(stored, into: feed.conversation, in: database)
                try RunRows.insert(feed.run, of: number, in: database)
            }
        } catch {
            turns.removeAll { $0.feed.run.id == feed.run.id }
            surroundings.runs.remove(feed)
            feed.finish(nil, end: Run.End(status: .failed, assistantMessage: nil))
            // The one behind it may be waiting for this one alone.
            advance()
            throw error
        }
        feed.append(line)
    }

    private func mark(_ run: Run.ID, _ change: (inout LiveTurn) -> Void) {
        guard let index = turns.firstIndex(where: { $0.feed.run.id == run }) else { return }
        change(&turns[index])
    }

    /// Starts the first turn if it is stored and nothing runs.
    private func advance() {
        while let turn = turns.first, turn.isStopped {
            history.append(turn.feed.userMessage)
            turns.removeFirst()
        }
        guard !isDeleted, let turn = turns.first, turn.isStored, !turn.isRunning else { return }
        guard !surroundings.tasks.isDraining else { return leaveForNextStart() }
        turns[0].isRunning = true
        surroundings.tasks.start(turn.feed.run.id) { await self.perform(turn) }
    }

    /// Lets go of the watchers of turns that the next process will begin.
    private func leaveForNextStart() {
        let fault = Fault(
            .unavailable,
            "The service is about to stop. The message is stored, and is answered when it is back.",
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
        if !turn.isBegun { await surroundings.ledger.begin(turn.feed.run.id) }
        history.append(turn.feed.userMessage)
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
        let answer = await generation.perform(Generation.Prompt(system: system, history: history))
        if let answer { history.append(answer) }
        turns.removeAll { $0.feed.run.id == turn.feed.run.id }
        advance()
    }
}
