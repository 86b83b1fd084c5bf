/// Builds an answer from the events of a generation.
package struct AnswerBuilder: Sendable {
    private var begin: Inference.Begin?
    private var reasoning: String?
    private var text: String?
    private var refusal: String?
    private var toolCalls: [Inference.ToolCall] = []
    private var logprobs: [RawJSON] = []
    private var parts = AnswerParts()
    private var finish: Inference.Finish?

    package init() {}

    package mutating func add(_ event: Inference.Event) {
        begin = event.begin ?? begin
        Self.append(event.reasoning, to: &reasoning)
        Self.append(event.text, to: &text)
        Self.append(event.refusal, to: &refusal)
        for piece in event.toolCalls ?? [] { add(piece) }
        if let more = event.logprobs { logprobs.append(more) }
        parts.add(event)
        finish = event.finish ?? finish
    }

    /// Returns the answer.
    ///
    /// Throws `cut` before the last event of the generation.
    package func answer() throws(Fault) -> Inference.Answer {
        guard let finish else {
            throw Fault(.cut, "The answer ended without a finish reason.")
        }
        let begin = begin ?? Inference.Begin(model: finish.model, attempts: [])
        var answer = Inference.Answer(begin: begin, finish: finish)
        answer.reasoning = reasoning
        answer.text = text
        answer.refusal = refusal
        answer.toolCalls = toolCalls.isEmpty ? nil : toolCalls
        answer.logprobs = RawJSON(joining: logprobs)
        answer.parts = parts.parts
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

    /// Appends to a text that stays `nil` without content.
    private static func append(_ more: String?, to text: inout String?) {
        guard let more, !more.isEmpty else { return }
        if text == nil { text = more } else { text?.append(more) }
    }
}

extension RawJSON {
    /// Joins arrays; `nil` without any.
    package init?(joining arrays: [RawJSON]) {
        guard !arrays.isEmpty else { return nil }
        let elements = arrays.map { $0.text.dropFirst().dropLast() }.filter { !$0.allSatisfy(\.isWhitespace) }
        self.init("[" + elements.joined(separator: ",") + "]")
    }
}
