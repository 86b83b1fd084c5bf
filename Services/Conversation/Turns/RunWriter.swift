import Contracts
import GRDB
import Logging
import Metrics

/// Writes down how runs end: the answer, the run and its last events, in one commit.
struct RunWriter: Sendable {
    /// How long a disk that refuses is left alone.
    private static let retryInterval = Duration.seconds(1)
    /// How often it is tried again when the service is about to end anyway.
    private static let attemptsWhileDraining = 3

    let database: Database
    let eventWriter: RunEventWriter
    let runs: LiveRuns
    let tasks: RunTasks
    var now: @Sendable () -> Timestamp = { .now() }

    /// What became of a run's end.
    struct Outcome: Sendable {
        /// The stored answer, if there is one.
        var answer: Message?
        /// Whether the end is on the disk, and with it the beginning of the run that follows.
        var isStored: Bool
    }

    /// Stores a run's end, and that `next` begins, and tells the run's watchers.
    ///
    /// A disk that refuses is tried until it takes it: until then the run is going, and nothing of it is lost.
    func finish(_ liveRun: LiveRun, state: RunState, next: Run.ID? = nil) async -> Outcome {
        var end = end(of: state, run: liveRun.run.id, question: liveRun.question)
        Counter(label: "conversation.runs.ended", dimensions: [("status", end.status.rawValue)]).increment()
        do {
            try await store(end, of: liveRun, chunkSizes: state.chunkSizes, number: liveRun.nextNumber, next: next)
            return Outcome(answer: end.assistantMessage, isStored: true)
        } catch {
            Logger.current.error(
                "Run's end not stored",
                metadata: ["run.id": "\(liveRun.run.id)", "error": "\(error)"]
            )
            end.status = .interrupted
            end.assistantMessage = nil
            end.fault = (error as? Fault) ?? Fault(.internal, "The answer could not be stored.")
            runs.remove(liveRun)
            liveRun.finish(nil, end: end)
            return Outcome(answer: nil, isStored: false)
        }
    }

    /// Stores an end under an event number and tells the watchers.
    func store(_ end: Run.End, of liveRun: LiveRun, chunkSizes: [Int], number: Int, next: Run.ID? = nil) async throws {
        let line = RunEventJSON.event(Run.Event(number: number, end: end))
        let question = liveRun.question
        var run = liveRun.run
        run.status = end.status
        run.lastEvent = number
        run.endedAt = now()
        var ending = end
        ending.assistantMessage = nil
        let stored = StoredRun(
            run: run,
            conversation: liveRun.conversation,
            message: question.number,
            position: question.position,
            chunkSizes: chunkSizes,
            end: ending
        )
        let pendingEvents = eventWriter.takePending(run.id)
        do {
            let answer = end.assistantMessage
            try await writeWithRetry(for: run.id) { database in
                try FinishRun(run: stored, question: question, answer: answer).perform(in: database)
                if let next { try RunRows.begin(next, in: database) }
            }
        } catch {
            if let pendingEvents { eventWriter.requeue([pendingEvents]) }
            throw error
        }
        // Whoever hears of the end may have the next run at once.
        runs.remove(liveRun)
        liveRun.finish(line, end: end)
    }

    /// Stores that a run begins; only then a provider may be asked, or it would be asked again after a restart.
    func begin(_ run: Run.ID) async throws {
        try await writeWithRetry(for: run) { try RunRows.begin(run, in: $0) }
    }

    /// Writes until the disk takes it.
    private func writeWithRetry(
        for run: Run.ID,
        _ work: @escaping @Sendable (GRDB.Database) throws -> Void
    ) async throws {
        var failures = 0
        while true {
            do {
                return try await database.write(work)
            } catch let fault as Fault
                where fault.code.isRetryable && !(tasks.isDraining && failures >= Self.attemptsWhileDraining)
            {
                failures += 1
                if failures == 1 {
                    let metadata: Logger.Metadata = ["run.id": "\(run)", "fault": "\(fault.message)"]
                    Logger.current.error("A run cannot be stored; trying on", metadata: metadata)
                }
                await Self.waitBeforeRetry()
            }
        }
    }

    /// Waits a while, also in a task that was cancelled: a stop must still be stored.
    private static func waitBeforeRetry() async {
        await Task {
            // Nobody cancels this task.
            do { try await Task.sleep(for: retryInterval) } catch {}
        }.value
    }

    /// How a run ends that has come as far as its state.
    func end(of state: RunState, run: Run.ID, question: LiveRun.Question) -> Run.End {
        Run.End(
            status: state.status,
            assistantMessage: answer(to: question, run: run, state: state),
            model: state.model,
            usage: state.billedUsage,
            context: state.context,
            timing: state.timing(),
            fault: state.fault.map(\.plain),
            attempts: state.attempts ?? state.fault?.attempts,
            finishReason: state.finishReason
        )
    }

    /// The answer as a message; none when nothing was said and the model did not say that it was done.
    private func answer(to question: LiveRun.Question, run: Run.ID, state: RunState) -> Message? {
        guard !state.text.isEmpty || state.status == .completed else { return nil }
        return Message(
            id: Message.ID(at: now()),
            role: .assistant,
            content: Message.Content(text: state.text),
            status: state.status,
            parent: question.message.id,
            run: run,
            tokenCount: state.usage?.completionTokens ?? TokenEstimate.tokens(in: state.text),
            createdAt: now(),
            branch: Message.Branch(sibling: question.answers),
            metadata: state.metadata
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
