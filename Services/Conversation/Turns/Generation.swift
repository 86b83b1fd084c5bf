import Bus
import Contracts
import Logging

/// Generates an answer, step by step: calls inference-svc, publishes the events, runs the tools that the model calls, and
/// stores the end of the run.
///
/// Does not throw: errors become the status of the run.
struct Generation: Sendable {
    /// The input of a generation.
    struct Prompt: Sendable {
        var system: String
        var history: History
        /// Maximum number of tokens of the answer, set by a quota; `nil` for no limit.
        var answerLimit: Int?
        /// Names of the tools that the model may call.
        var tools: [String] = []
        /// The user's memories that are related to the question.
        var memories: [Memory.Excerpt] = []
    }

    /// Maximum number of steps of a run; a call of a tool beyond it is stored and not run.
    static let stepLimit = 32
    private static let grace = Duration.seconds(5)

    let turn: LiveTurn
    let generator: Generator
    /// Marks the next queued turn as started and returns its run, which is stored as running in the commit that
    /// finishes this run.
    let next: @Sendable () async -> Run.ID?

    private var liveRun: LiveRun { turn.liveRun }

    /// Runs the generation and stores its end.
    func perform(_ prompt: Prompt) async -> RunWriter.Outcome {
        liveRun.markRunning()
        var prompt = prompt
        var state = RunState(arrival: turn.arrival)
        let prices = PriceTasks(generator.modelCache, turn.context)
        var messages: [Message] = []
        do {
            // inference-svc enforces the time limit and reports a specific error; this deadline covers an inference-svc
            // that does not respond, or that sends nothing but heartbeats.
            var context = turn.context
            context.deadline = .now + generator.timeLimit + Self.grace
            while true {
                try await generate(prompt, into: &state, prices, context)
                guard let calls = callsToRun(in: state, prompt) else { break }
                let tools = ToolSteps(
                    liveRun: liveRun,
                    runWriter: generator.runWriter,
                    allowed: prompt.tools,
                    use: turn.toolUse(context)
                )
                try await tools.perform(calls, generator.toolRunner, &state) { message in
                    prompt.history.append(message)
                    messages.append(message)
                }
            }
        } catch {
            setStatus(of: &state, after: error)
        }
        for (model, price) in await prices.all(state.unpricedModels) { state.setPrice(price, of: model) }
        return await generator.runWriter.finish(liveRun, state: state, steps: messages, next: await next())
    }

    /// Stores the end of a run whose history could not be loaded.
    func fail(_ error: any Error) async -> RunWriter.Outcome {
        var state = RunState(arrival: turn.arrival)
        setStatus(of: &state, after: error)
        return await generator.runWriter.finish(liveRun, state: state, next: await next())
    }

    /// The calls of the finished step that are to be run; `nil` if the step is the last one.
    private func callsToRun(in state: RunState, _ prompt: Prompt) -> [Inference.ToolCall]? {
        guard generator.toolRunner != nil, !prompt.tools.isEmpty, let calls = state.step.toolCalls, !calls.isEmpty,
            state.stepCount + 1 + calls.count < Self.stepLimit
        else { return nil }
        return calls
    }

    /// Generates one step.
    private func generate(
        _ prompt: Prompt,
        into state: inout RunState,
        _ prices: PriceTasks,
        _ context: CallContext
    ) async throws {
        guard !liveRun.isStopped else { throw CancellationError() }
        let model = try await generator.modelCache.model(turn.options.model, context)
        let memories = MemoryPrompt.fitting(prompt.memories, window: model.window)
        let system = MemoryPrompt.text(prompt.system, with: memories)
        var (used, report) = ContextWindow(size: model.window).fit(
            system: TokenEstimate.tokens(in: system),
            history: prompt.history.tokens,
            olderCount: prompt.history.olderCount
        )
        if !memories.isEmpty { report.memories = memories }
        state.context = report
        state.ask(model)
        var options = turn.options
        options.maxTokens = [options.maxTokens, prompt.answerLimit].compactMap(\.self).min()
        let request = GenerationRequest(
            model: model.name,
            system: system,
            messages: prompt.history.encodedMessages(newest: used),
            options: options,
            tools: prompt.tools.isEmpty ? nil : generator.toolRunner?.declarations(of: prompt.tools),
            isStreamed: turn.isStreamed
        )
        do {
            let stream = try await generator.inference.stream(Inference.Generate.self, encoded: request.json, context)
            state.wasProviderCalled = true
            defer { stream.close() }
            try await read(stream, into: &state, prices)
        } catch  where state.status == .completed {
            // The model has already finished; later errors are ignored.
        } catch {
            // If the run was stopped or timed out while the request was being sent, the provider may have started.
            let isTimeout = (error as? Fault)?.code == .timeout
            state.wasProviderCalled = state.wasProviderCalled || liveRun.isStopped || isTimeout
            throw error
        }
    }

    private func read(
        _ stream: ElementStream<Inference.Event>,
        into state: inout RunState,
        _ prices: PriceTasks
    ) async throws {
        while let batch = try await stream.nextBatch() {
            if let begin = batch.first?.begin {
                state.begin(begin)
                liveRun.setModel(begin.model)
                if state.unpricedModels.contains(begin.model) { prices.lookUp(begin.model) }
            } else if liveRun.model == nil, let model = state.model {
                liveRun.setModel(model)
            }
            for (kind, text) in GenerationText.pieces(of: batch) {
                let piece = state.append(text, as: kind)
                if !piece.isEmpty { publish(kind, piece) }
            }
            for event in batch { if let pieces = event.toolCalls { state.append(pieces) } }
            if let finish = batch.compactMap(\.finish).last {
                state.finish(finish)
                continue
            }
            if state.step.isTruncated, state.status != .completed { return state.finishAtLimit() }
        }
        guard state.status == .completed else {
            throw Fault(.cut, "The model's answer ended without a finish reason.")
        }
    }

    private func publish(_ kind: RunStep.Chunk.Kind, _ text: String) {
        let number = liveRun.nextNumber
        let line = RunEventJSON.chunk(kind, text, number: number)
        liveRun.append(line)
        generator.eventWriter.append(line, number: number, to: liveRun)
    }

    private func setStatus(of state: inout RunState, after error: any Error) {
        state.status = status(after: error)
        state.fault = state.status == .stopped ? nil : fault(from: error)
    }

    private func status(after error: any Error) -> Run.Status {
        if liveRun.isStopped { return .stopped }
        guard let fault = error as? Fault else { return .interrupted }
        return [.cut, .timeout, .unreachable].contains(fault.code) ? .interrupted : .failed
    }

    private func fault(from error: any Error) -> Fault {
        switch error {
        case let fault as Fault: return fault
        case is CancellationError:
            return Fault(.unavailable, "The service was stopped during the generation.", retryAfter: 1)
        default:
            Logger.current.error("Run failed", metadata: ["run.id": "\(liveRun.run.id)", "error": "\(error)"])
            return .unexpected(requestID: turn.context.requestID)
        }
    }
}
