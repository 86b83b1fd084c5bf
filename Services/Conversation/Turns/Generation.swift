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

        /// The memories that fit the model's context window.
        func memories(for model: Model) -> [Memory.Excerpt] {
            MemoryPrompt.fitting(memories, window: model.window)
        }

        /// The system prompt with these memories.
        func system(for model: Model) -> String {
            MemoryPrompt.text(system, with: memories(for: model))
        }
        var form = StoredPersona.PromptForm.messages
    }

    static let grace = Duration.seconds(5)

    let turn: LiveTurn
    let generator: Generator
    /// Marks the next queued turn as started and returns its run, which is stored as running in the commit that
    /// finishes this run.
    let next: @Sendable () async -> Run.ID?

    var liveRun: LiveRun { turn.liveRun }

    /// Runs the generation and stores its end.
    func perform(_ prompt: Prompt) async -> RunWriter.Outcome {
        liveRun.markRunning()
        var state = RunState(arrival: turn.arrival)
        let prices = PriceTasks(generator.modelCache, turn.context)
        var messages: [Message] = []
        do {
            // inference-svc enforces the time limit and reports a specific error; this deadline covers an inference-svc
            // that does not respond, or that sends nothing but heartbeats.
            var context = turn.context
            context.deadline = .now + generator.timeLimit + Self.grace
            try await performSteps(prompt, into: &state, prices, context) { messages.append($0) }
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

    /// Generates one step; `tools` are the declarations of the tools that the model may call.
    func generate(
        _ prompt: Prompt,
        _ model: Model,
        tools: RawJSON?,
        into state: inout RunState,
        _ prices: PriceTasks,
        _ context: CallContext
    ) async throws {
        let memories = prompt.memories(for: model)
        var prompt = prompt
        prompt.system = prompt.system(for: model)
        var (selection, report) = ContextWindow(size: model.window).fit(
            system: TokenEstimate.tokens(in: prompt.system),
            history: prompt.history.tokens,
            turn: prompt.history.turnCount,
            olderCount: prompt.history.olderCount
        )
        if !memories.isEmpty { report.memories = memories }
        let sent = try SentPrompt(prompt, selection, report)
        state.context = sent.report
        state.ask(model)
        var options = turn.options
        options.maxTokens = [options.maxTokens, prompt.answerLimit].compactMap(\.self).min()
        options.stop = sent.stop(options.stop, for: model.name)
        let request = GenerationRequest(
            model: model.name,
            system: sent.system,
            messages: sent.messages,
            options: options,
            tools: tools,
            isStreamed: turn.isStreamed,
            conversation: liveRun.run.conversation
        )
        do {
            let stream = try await generator.inference.stream(Inference.Generate.self, encoded: request.json, context)
            defer { stream.close() }
            try await read(stream, prompt.form, into: &state, prices)
        } catch  where state.status == .completed {
            // The model has already finished; later errors are ignored.
        } catch {
            state.endWait(after: error, isStopped: liveRun.isStopped)
            throw error
        }
    }

    private func read(
        _ stream: ElementStream<Inference.Event>,
        _ form: StoredPersona.PromptForm,
        into state: inout RunState,
        _ prices: PriceTasks
    ) async throws {
        var answer = AnswerText(form)
        defer { append(answer.finish(), as: .text, to: &state) }
        while let batch = try await stream.nextBatch() {
            for event in batch { if let progress = event.progress { state.wait(progress) } }
            // Before the answer begins, events only say that it is waited for.
            guard batch.contains(where: { $0.progress == nil }) else { continue }
            state.wasProviderCalled = true
            if let begin = batch.lazy.compactMap(\.begin).first {
                state.begin(begin)
                liveRun.setModel(begin.model)
                if state.unpricedModels.contains(begin.model) { prices.lookUp(begin.model) }
            } else if liveRun.model == nil, let model = state.model {
                liveRun.setModel(model)
            }
            for (kind, text) in GenerationText.pieces(of: batch) {
                append(answer.append(text, as: kind), as: kind, to: &state)
            }
            for event in batch {
                if let pieces = event.toolCalls { state.append(pieces) }
                state.appendOrder(of: event)
            }
            if let finish = batch.compactMap(\.finish).last {
                state.finish(finish)
                continue
            }
            guard state.status != .completed else { continue }
            if state.step.isTruncated { return state.finishEarly(.length) }
            if answer.isEnded { return state.finishEarly(.stop) }
        }
        guard state.status == .completed else {
            throw Fault(.cut, "The model's answer ended without a finish reason.")
        }
    }

    /// Adds text to the answer and shows it to the readers.
    private func append(_ text: String, as kind: RunStep.Chunk.Kind, to state: inout RunState) {
        guard !text.isEmpty else { return }
        let piece = state.append(text, as: kind)
        if !piece.isEmpty { publish(kind, piece) }
    }

    func publish(_ kind: RunStep.Chunk.Kind, _ text: String) {
        let number = liveRun.nextNumber
        let line = RunEventJSON.chunk(kind, text, number: number)
        liveRun.append(line)
        generator.eventWriter.append(line, number: number, to: liveRun)
    }

    private func setStatus(of state: inout RunState, after error: any Error) {
        state.status = status(after: error, hasSteps: state.stepCount > 0)
        state.fault = state.status == .stopped ? nil : fault(from: error)
    }

    private func status(after error: any Error, hasSteps: Bool) -> Run.Status {
        if liveRun.isStopped { return .stopped }
        // A repeated request performs a failed run again, and with it the tools, which may have had effects.
        guard let fault = error as? Fault, !hasSteps else { return .interrupted }
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
