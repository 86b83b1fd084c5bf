import Contracts
import GRDB
import Logging
import Metrics

/// Writes down how runs end: the answer, the run and its last events, in one commit.
struct RunLedger: Sendable {
    /// How long a disk that refuses is left alone.
    private static let pause = Duration.seconds(1)
    /// How often it is tried again when the service is about to end anyway.
    private static let lastAttempts = 3

    let database: Database
    let log: RunLog
    let runs: LiveRuns
    let tasks: RunTasks
    var now: @Sendable () -> Timestamp = { .now() }

    /// What became of a run's end.
    struct Ending: Sendable {
        /// The stored answer, if there is one.
        var answer: Message?
        /// Whether the end is on the disk, and with it the beginning of the run that follows.
        var isStored: Bool
    }

    /// Stores a run's end, and that `next` begins, and tells the run's watchers.
    ///
    /// A disk that refuses is tried until it takes it: until then the run is going, and nothing of it is lost.
    func finish(_ feed: RunFeed, draft: RunDraft, next: Run.ID? = nil) async -> Ending {
        var end = end(of: draft, run: feed.run.id, question: feed.question)
        Counter(label: "conversation.runs.ended", dimensions: [("status", end.status.rawValue)]).increment()
        do {
            try await store(end, of: feed, cuts: draft.cuts, number: feed.nextNumber, next: next)
            return Ending(answer: end.assistantMessage, isStored: true)
        } catch {
            Logger.current.error("Run's end not stored", metadata: ["run.id": "\(feed.run.id)", "error": "\(error)"])
            end.status = .interrupted
            end.assistantMessage = nil
            end.fault = (error as? Fault) ?? Fault(.internal, "The answer could not be stored.")
            runs.remove(feed)
            feed.finish(nil, end: end)
            return Ending(answer: nil, isStored: false)
        }
    }

    /// Stores an end under an event number and tells the watchers.
    func store(_ end: Run.End, of feed: RunFeed, cuts: [Int], number: Int, next: Run.ID? = nil) async throws {
        let line = RunEventLine.event(Run.Event(number: number, end: end))
        let question = feed.question
        var run = feed.run
        run.status = end.status
        run.lastEvent = number
        run.endedAt = now()
        var ending = end
        ending.assistantMessage = nil
        let stored = StoredRun(
            run: run,
            conversation: feed.conversation,
            message: question.number,
            position: question.position,
            cuts: cuts,
            end: ending
        )
        let unstored = log.take(run.id)
        do {
            let answer = end.assistantMessage
            try await insist(on: run.id) { database in
                try RunClosing(run: stored, question: question, answer: answer).perform(in: database)
                if let next { try RunRows.begin(next, in: database) }
            }
        } catch {
            if let unstored { log.putBack([unstored]) }
            throw error
        }
        // Whoever hears of the end may have the next run at once.
        runs.remove(feed)
        feed.finish(line, end: end)
    }

    /// Stores that a run begins; only then a provider may be asked, or it would be asked again after a restart.
    func begin(_ run: Run.ID) async throws {
        try await insist(on: run) { try RunRows.begin(run, in: $0) }
    }

    /// Writes until the disk takes it.
    private func insist(
        on run: Run.ID,
        _ work: @escaping @Sendable (GRDB.Database) throws -> Void
    ) async throws {
        var failures = 0
        while true {
            do {
                return try await database.write(work)
            } catch let fault as Fault
                where fault.code.isRetryable && !(tasks.isDraining && failures >= Self.lastAttempts)
            {
                failures += 1
                if failures == 1 {
                    let metadata: Logger.Metadata = ["run.id": "\(run)", "fault": "\(fault.message)"]
                    Logger.current.error("A run cannot be stored; trying on", metadata: metadata)
                }
                await Self.rest()
            }
        }
    }

    /// Waits a while, also in a task that was cancelled: a stop must still be stored.
    private static func rest() async {
        await Task {
            // Nobody cancels this task.
            do { try await Task.sleep(for: pause) } catch {}
        }.value
    }

    /// How a run ends that has come as far as its draft.
    func end(of draft: RunDraft, run: Run.ID, question: RunFeed.Question) -> Run.End {
        Run.End(
            status: draft.status,
            assistantMessage: answer(to: question, run: run, draft: draft),
            model: draft.model,
            usage: draft.takenUsage,
            context: draft.context,
            timing: draft.timing(),
            fault: draft.fault.map(\.plain),
            attempts: draft.attempts ?? draft.fault?.attempts,
            finishReason: draft.finishReason
        )
    }

    /// The answer as a message; none when nothing was said and the model did not say that it was done.
    private func answer(to question: RunFeed.Question, run: Run.ID, draft: RunDraft) -> Message? {
        guard !draft.text.isEmpty || draft.status == .completed else { return nil }
        return Message(
            id: Message.ID(at: now()),
            role: .assistant,
            content: Message.Content(text: draft.text),
            status: draft.status,
            parent: question.message.id,
            run: run,
            tokenCount: draft.usage?.completionTokens ?? TokenEstimate.tokens(in: draft.text),
            createdAt: now(),
            branch: Message.Branch(sibling: question.answers),
            metadata: draft.metadata
        )
    }
}

extension Fault {
    /// The same without what was tried, where that is told beside it.
    fileprivate var plain: Fault {
        var fault = self
        fault.attempts = nil
        return fault
    }
}
