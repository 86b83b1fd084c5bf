import Contracts
import ContractsJSON

/// Builds a complete answer from its events.
struct AnswerBuilder {
    private var begin: Inference.Begin?
    private var reasoning: String?
    private var text: String?
    private var refusal: String?
    private var toolCalls: [Inference.ToolCall] = []
    private var logprobs: [RawJSON] = []
    private var finish: Inference.Finish?

    mutating func add(_ event: Inference.Event) {
        begin = event.begin ?? begin
        reasoning.add(event.reasoning)
        text.add(event.text)
        refusal.add(event.refusal)
        for piece in event.toolCalls ?? [] { add(piece) }
        if let more = event.logprobs { logprobs.append(more) }
        finish = event.finish ?? finish
    }

    /// Throws `cut` if there was no finish event.
    func answer() throws(Fault) -> Inference.Answer {
        guard let begin, let finish else {
            throw Fault(.cut, "The answer ended without a finish reason.")
        }
        var answer = Inference.Answer(begin: begin, finish: finish)
        answer.reasoning = reasoning
        answer.text = text
        answer.refusal = refusal
        answer.toolCalls = toolCalls.isEmpty ? nil : toolCalls
        answer.logprobs = RawJSON(joining: logprobs)
        return answer
    }

    private mutating func add(_ piece: Inference.ToolCallDelta) {
        if piece.index >= toolCalls.count {
            toolCalls.append(Inference.ToolCall(id: piece.id ?? "", name: "", arguments: ""))
        }
        guard toolCalls.indices.contains(piece.index) else { return }
        if let name = piece.name { toolCalls[piece.index].function.name = name }
        if let arguments = piece.arguments { toolCalls[piece.index].function.arguments += arguments }
        toolCalls[piece.index].metadata = piece.metadata ?? toolCalls[piece.index].metadata
    }
}
