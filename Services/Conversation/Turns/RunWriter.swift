import Contracts
import GRDB
import Logging
import Metrics

/// Stores the ends of runs: answer, run and usage in one commit.
struct RunWriter: Sendable {
    /// Delay before the next attempt after a failed write.
    private static let retryInterval = Duration.seconds(1)
    /// Maximum number of attempts during shutdown.
    private static let attemptsWhileDraining = 3

    let database: Database
    let eventWriter: RunEventWriter
    let runs: LiveRuns
    let tasks: RunTasks
    var now: @Sendable () -> Timestamp = { .now() }

    /// The result of storing the end of a run.
    struct Outcome: Sendable {
        /// The stored answer, if any.
        var answer: Message?
        /// Whether the commit succeeded, which also marks the next run as started.
        var isStored: Bool
    }

    /// Stores the end of a run and the start of the next one, then publishes the end to the readers.
    ///
    /// A failed write is retried until it succeeds; until then the run stays in progress.
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

    /// Stores an end with its event number, then publishes it to the readers.
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
        // A client that receives the end may start the next run immediately.
        runs.remove(liveRun)
        liveRun.finish(line, end: end)
    }

    /// Stores that a run has started.
    ///
    /// Must be committed before a provider is called, otherwise a restart would call it again.
    func begin(_ run: Run.ID) async throws {
        try await writeWithRetry(for: run) { try RunRows.begin(run, in: $0) }
    }

    /// Retries a write until it succeeds.
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
                    Logger.current.error("Run cannot be stored; retrying", metadata: metadata)
                }
                await Self.waitBeforeRetry()
            }
        }
    }

    /// Waits for the retry interval, even in a cancelled task: a stopped run must still be stored.
    private static func waitBeforeRetry() async {
        await Task {
            // This task is never cancelled.
            do { try await Task.sleep(for: retryInterval) } catch {}
        }.value
    }

    /// Returns the end of a run from its state.
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

    /// Returns the answer; `nil` if there is no text and the model did not finish.
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
    /// The fault without its attempts, which the end of the run lists separately.
    fileprivate var plain: Fault {
        var fault = self
        fault.attempts = nil
        return fault
    }
}
