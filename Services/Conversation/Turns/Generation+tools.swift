import Bus
import Contracts

/// The loop of a run: the model answers, its tools are run, and the model reads their results.
extension Generation {
    /// Generates steps until an answer has no tool calls; `didStore` gets each stored step.
    ///
    /// The calls decide whether the loop continues, not the finish reason, which some providers report without a call.
    func performSteps(
        _ prompt: Prompt,
        into state: inout RunState,
        _ prices: PriceTasks,
        _ context: CallContext,
        didStore: (Message) -> Void
    ) async throws {
        var prompt = prompt
        var rounds = ToolRounds()
        var declarations = prompt.tools.isEmpty ? nil : generator.toolRunner?.declarations(of: prompt.tools)
        while true {
            guard !liveRun.isStopped else { throw CancellationError() }
            let model = try await generator.modelCache.model(turn.options.model, context)
            let tools = rounds.hasNext && model.supports(.tools) ? declarations : nil
            if let spent = state.usageOfSteps { try await reserveAnotherCall(&prompt, model, after: spent) }
            do {
                try await generate(prompt, model, tools: tools, into: &state, prices, context)
            } catch let fault as Fault where fault.code == .toolsUnsupported && tools != nil && state.step.isEmpty {
                generator.modelCache.removeTools(of: model.name)
                declarations = nil
                state.add(fault.attempts)
                continue
            }
            guard let made = state.step.toolCalls, !made.isEmpty else { return try checkAnswer(state) }
            let calls = ToolCallNormalization.calls(made, endedBy: state.finishReason)
            let steps = toolSteps(prompt, context)
            rounds.begin()
            let text = state.step.text
            state.setToolCalls(calls.map(\.call))
            if let message = try await steps.storeCalls(&state) {
                prompt.history.append(message)
                didStore(message)
            }
            let round = ToolSteps.Round(calls: calls, isOffered: tools != nil)
            let occupied = TokenEstimate.tokens(in: prompt.system(for: model)) + prompt.history.turnTokens
            let room = rounds.room(in: ContextWindow(size: model.window), occupied: occupied)
            let answer = try await steps.perform(round, room: room, &rounds, &state) { message in
                prompt.history.append(message)
                didStore(message)
            }
            if let answer { return publishAnswer(answer, &state) }
            guard round.isOffered else { return try completeWithoutTools(text, &state) }
        }
    }

    /// Reserves the usage of another model call, if a quota applies, and sets the limit of its answer.
    ///
    /// Throws `quota_exceeded`.
    private func reserveAnotherCall(_ prompt: inout Prompt, _ model: Model, after spent: Usage) async throws {
        guard generator.usage.isLimited(turn.context), let principal = turn.context.principal else { return }
        let tokens = prompt.history.tokens.reduce(TokenEstimate.tokens(in: prompt.system(for: model)), +)
        let request = UsageRequest(
            promptTokens: min(tokens, model.window),
            maxTokens: turn.options.maxTokens,
            model: .success(model)
        )
        let reservation = StoredReservation(
            id: turn.id.description,
            user: principal.user,
            apiKey: principal.key,
            model: model.name,
            createdAt: .now()
        )
        let store = generator.runWriter.store
        switch try await store.reserveAnotherCall(request, after: spent, as: reservation) {
        case .reserved(let limit): prompt.answerLimit = limit
        case .rejected(var fault):
            fault.message += " The results of the tools so far are stored."
            throw fault
        case .unlimited, .needsEstimate: break
        }
    }

    private func toolSteps(_ prompt: Prompt, _ context: CallContext) -> ToolSteps {
        var context = context
        context.deadline = context.deadline.map { $0 - Self.grace }
        return ToolSteps(
            liveRun: liveRun,
            runWriter: generator.runWriter,
            runner: generator.toolRunner,
            tasks: generator.toolTasks,
            allowed: prompt.tools,
            use: turn.toolUse(context)
        )
    }

    /// Throws a fault for an answer that announces tool calls and contains nothing.
    private func checkAnswer(_ state: RunState) throws {
        guard state.step.text.isEmpty, state.finishReason == .toolCalls || state.step.isTruncated else { return }
        throw Fault(
            .provider,
            state.step.isTruncated
                ? "The model's tool calls exceed \(Run.maxAnswerBytes) bytes, so they were not run."
                : "The model's answer is empty: it announced a tool call and made none. Try again, or choose another model."
        )
    }

    /// Completes the run with the results of its tools as the answer.
    private func publishAnswer(_ text: String, _ state: inout RunState) {
        let piece = state.append(text)
        if !piece.isEmpty { publish(.text, piece) }
        state.completeWithoutModel()
    }

    /// Completes the run after an answer that contains calls although the model was offered no tools; `text` is its text,
    /// which is already shown.
    private func completeWithoutTools(_ text: String, _ state: inout RunState) throws {
        guard text.utf8.contains(where: { $0 > 0x20 }) else {
            throw Fault(
                .provider,
                "The model calls tools instead of answering, also when it is offered none. Try again, or choose another model."
            )
        }
        state.complete(repeating: text)
    }
}
