import Bus
import Contracts
import Logging
import Metrics

/// Writes down how runs end: the answer, the run and its last events, in one commit.
struct RunLedger: Sendable {
    /// How often an end that the disk refuses is tried again, and how long between.
    private static let attempts = 30
    private static let pause = Duration.seconds(1)

    let database: Database
    let log: RunLog
    var now: @Sendable () -> Timestamp = { .now() }

    /// Stores a run's end and tells its watchers.
    ///
    /// Returns the answer, if there is one.
    func finish(_ feed: RunFeed, draft: RunDraft, userPosition: Int) async -> Message? {
        var end = end(of: draft, run: feed.run.id, userMessage: feed.userMessage)
        Counter(label: "conversation.runs.ended", dimensions: [("status", end.status.rawValue)]).increment()
        do {
            try await store(end, of: feed, userPosition: userPosition, number: feed.nextNumber)
            return end.assistantMessage
        } catch {
            Logger.current.error("Run's end not stored", metadata: ["run.id": "\(feed.run.id)", "error": "\(error)"])
            end.status = .interrupted
            end.fault = (error as? Fault) ?? Fault(.internal, "The answer could not be stored.")
            feed.finish(nil, end: end)
            return nil
        }
    }

    /// Stores an end under an event number and tells the watchers.
    func store(_ end: Run.End, of feed: RunFeed, userPosition: Int, number: Int) async throws {
        let line = RunEventLine.event(Run.Event(number: number, end: end))
        var run = feed.run
        run.status = end.status
        run.model = end.model
        run.assistantMessage = end.assistantMessage?.id
        run.lastEvent = number
        run.usage = end.usage
        run.fault = end.fault
        run.endedAt = now()
        var batch =
            log.take(run.id) ?? RunEventBatch(conversation: run.conversation, run: run.id, first: number, lines: [])
        batch.lines.append(line)
        try await write(run, end: end, batch: batch, userPosition: userPosition)
        feed.finish(line, end: end)
    }

    private func write(_ run: Run, end: Run.End, batch: RunEventBatch, userPosition: Int) async throws {
        for attempt in 1...Self.attempts {
            do {
                return try await database.write { database in
                    if let answer = end.assistantMessage {
                        let stored = StoredMessage(position: userPosition + 1, message: answer)
                        try MessageRows.insert(stored, into: run.conversation, in: database)
                    }
                    if end.status == .failed {
                        try MessageRows.setStatus(.failed, at: userPosition, of: run.conversation, in: database)
                    }
                    try RunRows.update(run, in: database)
                    try RunEventRows.insert(batch, in: database)
                }
            } catch let fault as Fault where fault.code.isRetryable && attempt < Self.attempts {
                // A cancelled pause only makes the tries follow each other at once.
                do { try await Task.sleep(for: Self.pause) } catch { continue }
            }
        }
    }

    /// How a run ends that has come as far as its draft.
    func end(of draft: RunDraft, run: Run.ID, userMessage: Message) -> Run.End {
        Run.End(
            status: draft.status,
            assistantMessage: answer(to: userMessage, run: run, draft: draft),
            model: draft.model,
            usage: draft.usage,
            context: draft.context,
            timing: draft.timing(),
            fault: draft.fault
        )
    }

    /// The answer as a message; none when nothing was said and the model did not say that it was done.
    private func answer(to userMessage: Message, run: Run.ID, draft: RunDraft) -> Message? {
        guard !draft.text.isEmpty || draft.status == .completed else { return nil }
        return Message(
            id: Message.ID(at: now()),
            role: .assistant,
            content: Message.Content(text: draft.text),
            status: draft.status,
            parent: userMessage.id,
            run: run,
            tokenCount: draft.usage?.completionTokens ?? ContextWindow.estimateTokens(draft.text),
            createdAt: now()
        )
    }
}
