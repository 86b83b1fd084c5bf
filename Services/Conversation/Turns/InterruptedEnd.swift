import Contracts

/// Determines how a run ends that an earlier process left in progress.
///
/// Pure.
struct InterruptedEnd: Sendable {
    /// Gap between the last stored event and the end event: larger than the number of events that can have been sent
    /// without being stored.
    static let eventNumberGap = 1_000_000
    /// Context window assumed for a model that is no longer known.
    private static let assumedWindow = 8192

    let run: Run.ID
    /// The results to be stored for the calls that have none, in order.
    private(set) var missingResults: [RunStep]
    /// Number of the last stored event.
    private(set) var lastEvent: Int
    private var state: RunState

    init(_ interrupted: InterruptedRun) {
        run = interrupted.run.id
        lastEvent = max(interrupted.lastEvent, interrupted.events.last?.number ?? 0)
        missingResults = Self.missingResults(in: interrupted.steps, of: interrupted.run.id)
        var state = RunState(arrival: .now)
        state.setModel(interrupted.run.model)
        let prompt = ContextWindow(size: Self.assumedWindow)
            .fit(system: 0, history: interrupted.promptTokens, olderCount: 0).report.tokensEstimated
        var added = 0
        for message in interrupted.steps {
            let tokens = message.tokenCount ?? TokenEstimate.tokens(in: message.content.text)
            if message.role == .assistant {
                state.addInterruptedCall(promptTokens: prompt + added, completionTokens: tokens)
            }
            added += tokens
        }
        state.promptTokens = prompt + added
        for event in interrupted.events {
            if let text = event.reasoning { state.append(text, as: .reasoning) }
            if let text = event.text { state.append(text) }
        }
        state.status = .interrupted
        state.fault = Fault(.cut, "The service was interrupted while the answer was being made.")
        self.state = state
    }

    /// Records that the first of the missing results is stored.
    mutating func didStoreResult() {
        missingResults.removeFirst()
        lastEvent += 1
    }

    /// Returns the end to be stored.
    func finish(by writer: RunWriter) -> FinishRun {
        FinishRun(
            run: run,
            end: writer.end(of: state),
            answer: writer.answer(of: state, to: run),
            lastEvent: lastEvent + Self.eventNumberGap,
            moment: writer.now()
        )
    }

    /// Returns a result for each call that has none: whether its tool had an effect is unknown.
    private static func missingResults(in steps: [Message], of run: Run.ID) -> [RunStep] {
        guard let index = steps.lastIndex(where: { $0.toolCalls?.isEmpty == false }) else { return [] }
        let known = Set(steps[index...].compactMap(\.toolCallID))
        let open = (steps[index].toolCalls ?? []).filter { !known.contains($0.id) }
        // The first call without a result may have been in progress; the calls after it were not begun.
        return open.enumerated().map { offset, call in
            (offset == 0 ? ToolResult.unknown : .notRun).step(of: call, for: run, at: .now())
        }
    }
}
