import Bus
import Contracts
import Logging

/// Stores the tool calls of a step, runs the tools, and stores their results.
///
/// A tool runs only after its call is stored, and never again: no effect happens twice. Every stored call gets a stored
/// result, also if the run is stopped meanwhile: providers reject a call without one.
struct ToolSteps: Sendable {
    /// The calls of a step, and whether the model was offered tools for it.
    struct Round: Sendable {
        var calls: [ToolCallNormalization.Call]
        var isOffered: Bool
    }

    let liveRun: LiveRun
    let runWriter: RunWriter
    let runner: (any ToolRunner)?
    let tasks: ToolTasks
    /// Names of the tools that the model may call.
    let allowed: [String]
    /// For whom the tools run; its deadline is the end of the run.
    let use: ToolUse

    /// Stores the current step with its calls.
    func storeCalls(_ state: inout RunState) async throws -> Message? {
        guard let step = runWriter.answer(of: state, to: liveRun) else { return nil }
        let message = try await runWriter.append(step, to: liveRun)
        state.nextStep()
        return message
    }

    /// Performs calls that are stored, in order; `didStore` gets each stored result.
    ///
    /// `room` is the size that the results may have together, in tokens. Returns the text that ends the run without
    /// another answer of the model, if every result is an answer. Throws if a result cannot be stored, or the run was
    /// stopped or reached its time limit.
    func perform(
        _ round: Round,
        room: Int,
        _ rounds: inout ToolRounds,
        _ state: inout RunState,
        didStore: (Message) -> Void
    ) async throws -> String? {
        var room = room
        var answers: [String] = []
        for (index, call) in round.calls.enumerated() {
            let limit = ToolRounds.resultLimit(room: room, left: round.calls.count - index)
            let result = await result(of: call, at: index, round, &rounds).shortened(to: limit)
            let step = result.step(of: call.call, for: liveRun.run.id, at: .now())
            let tokens = step.message.tokenCount ?? 0
            room -= tokens
            rounds.add(resultTokens: tokens)
            if result.isAnswer { answers.append(result.text) }
            didStore(try await runWriter.append(step, to: liveRun))
            state.nextStep()
        }
        guard !liveRun.isStopped else { throw CancellationError() }
        try Task.checkCancellation()
        guard !isOverdue else {
            throw Fault(.timeout, "The tools took longer than the maximum duration of a run. Their results are stored.")
        }
        return answers.count == round.calls.count ? answers.joined(separator: "\n\n") : nil
    }

    private var isOverdue: Bool { use.call.deadline.map { $0 <= .now } ?? false }

    private func result(
        of call: ToolCallNormalization.Call,
        at index: Int,
        _ round: Round,
        _ rounds: inout ToolRounds
    ) async -> ToolResult {
        if let refusal = rounds.refusal(of: call, at: index, isOffered: round.isOffered) { return refusal }
        guard !liveRun.isStopped, !Task.isCancelled, !isOverdue, let runner else { return .notRun }
        let deadline = min(use.call.deadline ?? .now + tasks.limit, .now + tasks.limit)
        var use = use
        use.call.deadline = deadline
        do {
            return try await tasks.run(until: deadline) { [allowed, use] in
                try await runner.run(call.call, allowed: allowed, use)
            }
        } catch is CancellationError {
            return interrupted
        } catch is ToolTasks.Abandoned {
            return interrupted
        } catch  where liveRun.isStopped || Task.isCancelled {
            // What a cancelled tool reports does not say whether it had an effect.
            return interrupted
        } catch let fault as Fault {
            return ToolResult(text: "The tool failed: \(fault.message)")
        } catch {
            Logger.current.error(
                "Tool failed",
                metadata: ["run.id": "\(liveRun.run.id)", "tool": "\(call.call.function.name)", "error": "\(error)"]
            )
            return ToolResult(text: "The tool failed. \(Fault.unexpected(requestID: use.call.requestID).message)")
        }
    }

    /// The result of a tool that was cancelled.
    private var interrupted: ToolResult {
        if liveRun.isStopped { return .stopped }
        return Task.isCancelled ? .unknown : .timedOut
    }
}
