import Contracts
import Logging
import Metrics

/// Stores the start, the steps and the end of runs.
struct RunWriter: Sendable {
    /// Delay before the next attempt after a failed write.
    private static let retryInterval = Duration.seconds(1)
    /// Maximum number of attempts during shutdown.
    private static let attemptsWhileDraining = 3

    let store: any RunStore
    let eventWriter: RunEventWriter
    let runs: LiveRuns
    let tasks: RunTasks
    let unfinished: UnfinishedEnds
    var now: @Sendable () -> Timestamp = { .now() }

    /// The result of storing the end of a run.
    struct Outcome: Sendable {
        /// The stored messages of the run, in order.
        var messages: [Message]
        /// Whether the end is stored, and with it the start of the next run.
        var isStored: Bool
    }

    /// Stores that a run has started.
    ///
    /// Must be committed before a provider is called, otherwise a restart would call it again.
    func begin(_ run: Run.ID) async throws -> RunWrite {
        try await retrying(run) { try await store.beginRun(run) }
    }

    /// Stores a step that is not the last one, and publishes it.
    func append(_ step: RunStep, to liveRun: LiveRun) async throws -> Message {
        let run = liveRun.run.id
        let number = liveRun.nextNumber
        let message = try await retrying(run) { try await store.appendStep(step, event: number, to: run) }
        guard let message else { throw Self.notOwner }
        let line = RunEventJSON.event(Run.Event(number: number, step: message))
        liveRun.append(line)
        eventWriter.append(line, number: number, to: liveRun)
        return message
    }

    /// Stores the end of a run and the start of the next one, then publishes the end to the readers.
    ///
    /// A write that fails because of a full or unavailable disk is retried until it succeeds; until then the run stays in
    /// progress. After another failure the readers get a fault, and ``UnfinishedEnds`` stores the end later.
    func finish(
        _ liveRun: LiveRun,
        state: RunState,
        steps: [Message] = [],
        next: Run.ID? = nil
    ) async -> Outcome {
        var end = end(of: state)
        Counter(label: "conversation.runs.ended", dimensions: [("status", end.status.rawValue)]).increment()
        let ending = FinishRun(
            run: liveRun.run.id,
            end: end,
            answer: answer(of: state, to: liveRun),
            lastEvent: liveRun.nextNumber,
            moment: now(),
            next: next
        )
        let pendingEvents = eventWriter.takePending(ending.run)
        do {
            switch try await retrying(ending.run, { try await store.finishRun(ending) }) {
            case .finished(let answer):
                end.assistantMessage = answer
                publish(end, of: liveRun, number: ending.lastEvent)
                return Outcome(messages: steps + [answer].compactMap(\.self), isStored: true)
            case .notOwner:
                abandon(liveRun)
                return Outcome(messages: steps, isStored: false)
            }
        } catch {
            Logger.current.error("Run's end not stored", metadata: ["run.id": "\(ending.run)", "error": "\(error)"])
            if let pendingEvents { eventWriter.requeue([pendingEvents]) }
            end.status = .interrupted
            end.fault = (error as? Fault) ?? Fault(.internal, "The answer could not be stored.")
            leave(liveRun, with: end)
            if !tasks.isDraining { unfinished.add(ending) }
            return Outcome(messages: steps, isStored: false)
        }
    }

    /// Ends a run locally that another process took over, or whose conversation was deleted; nothing is stored.
    func abandon(_ liveRun: LiveRun) {
        leave(liveRun, with: Run.End(status: .interrupted, assistantMessage: nil, fault: Self.notOwner))
    }

    private static let notOwner = Fault(
        .unavailable,
        "Another process took this run over, or its conversation was deleted.",
        retryAfter: 1
    )

    private func leave(_ liveRun: LiveRun, with end: Run.End) {
        runs.remove(liveRun)
        liveRun.finish(nil, end: end)
    }

    private func publish(_ end: Run.End, of liveRun: LiveRun, number: Int) {
        // A client that receives the end may start the next run immediately.
        runs.remove(liveRun)
        liveRun.finish(RunEventJSON.event(Run.Event(number: number, end: end)), end: end)
    }

    /// Retries a write until it succeeds.
    private func retrying<Value: Sendable>(
        _ run: Run.ID,
        _ write: @Sendable () async throws -> Value
    ) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await write()
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
            do { try await Task.sleep(for: retryInterval, clock: .suspending) } catch {}
        }.value
    }

    /// Returns the end of a run from its state, without the answer.
    func end(of state: RunState) -> Run.End {
        Run.End(
            status: state.status,
            assistantMessage: nil,
            model: state.model,
            usage: state.billedUsage,
            context: state.context,
            timing: state.timing(),
            fault: state.fault.map(\.plain),
            attempts: state.attempts ?? state.fault?.attempts,
            finishReason: state.finishReason
        )
    }

    /// Returns the current step; `nil` if nothing was generated and the model did not finish.
    func answer(of state: RunState, to liveRun: LiveRun) -> RunStep? {
        answer(of: state, to: liveRun.run.id)
    }

    /// Returns the current step of a run; `nil` if nothing was generated and the model did not finish.
    func answer(of state: RunState, to run: Run.ID) -> RunStep? {
        let step = state.step
        guard !step.chunks.isEmpty || state.status == .completed else { return nil }
        var message = Message(
            id: Message.ID(at: now()),
            role: .assistant,
            content: Message.Content(text: step.text),
            status: state.status,
            parent: nil,
            run: run,
            tokenCount: state.stepTokens,
            createdAt: now(),
            metadata: step.metadata
        )
        message.toolCalls = step.toolCalls
        message.parts = step.parts
        if message.parts != nil, !step.reasoning.isEmpty { message.reasoning = step.reasoning }
        // Only the provider of this answer receives what is opaque to all others.
        let isOpaque = message.parts != nil || message.metadata != nil
        if isOpaque || step.toolCalls?.contains(where: { $0.metadata != nil }) == true { message.model = state.model }
        return RunStep(message: message, reasoning: step.reasoning, chunks: step.chunks)
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
