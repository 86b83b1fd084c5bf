import Bus
import Contracts
import Logging

/// Stores the tool calls of a step, runs the tools, and stores their results.
///
/// A tool runs only after its call is stored, and never again: no effect happens twice. Every stored call gets a stored
/// result, also if the run is stopped meanwhile: providers reject a call without one.
struct ToolSteps: Sendable {
    let liveRun: LiveRun
    let runWriter: RunWriter
    /// Names of the tools that the model may call.
    let allowed: [String]
    let use: ToolUse

    /// Performs the calls of the current step in order; `didStore` gets each stored message.
    ///
    /// Throws if a step cannot be stored or the run was stopped.
    func perform(
        _ calls: [Inference.ToolCall],
        _ runner: (any ToolRunner)?,
        _ state: inout RunState,
        didStore: (Message) -> Void
    ) async throws {
        guard let runner, let answer = runWriter.answer(of: state, to: liveRun) else { return }
        didStore(try await runWriter.append(answer, to: liveRun))
        state.nextStep()
        for call in calls {
            let result = await result(of: call, runner)
            didStore(try await runWriter.append(result.step(of: call, for: liveRun.run.id, at: .now()), to: liveRun))
            state.nextStep()
        }
        guard !liveRun.isStopped else { throw CancellationError() }
        try Task.checkCancellation()
    }

    private func result(of call: Inference.ToolCall, _ runner: any ToolRunner) async -> ToolResult {
        guard !liveRun.isStopped, !Task.isCancelled else { return .notRun }
        do {
            return try await runner.run(call, allowed: allowed, use)
        } catch is CancellationError {
            return .unknown
        } catch let fault as Fault {
            return ToolResult(text: "The tool failed: \(fault.message)")
        } catch {
            Logger.current.error(
                "Tool failed",
                metadata: ["run.id": "\(liveRun.run.id)", "tool": "\(call.function.name)", "error": "\(error)"]
            )
            return ToolResult(text: "The tool failed. \(Fault.unexpected(requestID: use.call.requestID).message)")
        }
    }
}
