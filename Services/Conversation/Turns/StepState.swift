import Contracts

/// What a model has generated in the current step of a run, limited to ``Run/maxAnswerBytes``.
struct StepState: Sendable {
    private(set) var text = ""
    private(set) var reasoning = ""
    private(set) var chunks: [RunStep.Chunk] = []
    /// The complete tool calls, once the model has finished.
    private(set) var toolCalls: [Inference.ToolCall]?
    /// Opaque provider metadata of the answer, sent back to the provider with the next prompt.
    private(set) var metadata: RawJSON?
    /// Size of everything that was generated, in bytes.
    private(set) var bytes = 0
    /// Whether the model generated more than the limit, and the rest was dropped.
    private(set) var isTruncated = false
    private var calls = AnswerBuilder()
    private var order = AnswerParts()
    /// Whether the model finished, within the limit.
    private var isComplete = false
    private let byteLimit: Int

    init(byteLimit: Int = Run.maxAnswerBytes) {
        self.byteLimit = byteLimit
    }

    /// Appends a piece and returns what fits of it.
    mutating func append(_ kind: RunStep.Chunk.Kind, _ more: String) -> String {
        guard !isTruncated else { return "" }
        let piece = prefix(of: more, room: byteLimit - bytes)
        isTruncated = piece.utf8.count < more.utf8.count
        guard !piece.isEmpty else { return "" }
        switch kind {
        case .text: text += piece
        case .reasoning: reasoning += piece
        }
        bytes += piece.utf8.count
        chunks.append(RunStep.Chunk(kind: kind, bytes: piece.utf8.count))
        return piece
    }

    mutating func append(_ pieces: [Inference.ToolCallDelta]) {
        for piece in pieces {
            bytes += (piece.id?.utf8.count ?? 0) + (piece.name?.utf8.count ?? 0) + (piece.arguments?.utf8.count ?? 0)
            bytes += piece.metadata?.text.utf8.count ?? 0
        }
        isTruncated = isTruncated || bytes > byteLimit
        guard !isTruncated else { return }
        var event = Inference.Event()
        event.toolCalls = pieces
        calls.add(event)
    }

    /// Adds the order of an event's content, and the opaque data about its part.
    mutating func appendOrder(of event: Inference.Event) {
        bytes += event.partMetadata?.text.utf8.count ?? 0
        isTruncated = isTruncated || bytes > byteLimit
        order.add(event)
    }

    /// The parts of the complete answer in order; `nil` if they say nothing, or the answer was changed since.
    var parts: [Inference.AnswerPart]? {
        guard isComplete, var parts = order.parts else { return nil }
        // A refusal is stored as text.
        for index in parts.indices where parts[index].kind == .refusal { parts[index].kind = .text }
        let isUnchanged =
            parts.bytes(of: .text) == text.utf8.count && parts.bytes(of: .reasoning) == reasoning.utf8.count
            && parts.count { $0.kind == .toolCall } == toolCalls?.count ?? 0
        return isUnchanged ? parts : nil
    }

    /// Adds the end of the model's answer; returns its finish reason, which is `length` if the answer was truncated.
    mutating func finish(_ finish: Inference.Finish) -> Inference.Finish.Reason {
        let size = finish.metadata?.text.utf8.count ?? 0
        isTruncated = isTruncated || bytes + size > byteLimit
        // A part of the calls cannot be carried out, and a part of the metadata would be rejected by the provider.
        guard !isTruncated else { return .length }
        bytes += size
        metadata = finish.metadata
        isComplete = true
        calls.add(Inference.Event(finish: finish))
        do { toolCalls = try calls.answer().toolCalls } catch { toolCalls = nil }
        return finish.reason
    }

    /// Replaces the tool calls by the form in which they are stored.
    mutating func setToolCalls(_ calls: [Inference.ToolCall]) {
        toolCalls = calls
    }

    /// Sets the text of an answer that an earlier step has already shown.
    mutating func repeatText(_ text: String) {
        self.text = text
    }

    /// Whether nothing was generated.
    var isEmpty: Bool { bytes == 0 }

    private func prefix(of text: String, room: Int) -> String {
        guard text.utf8.count > room else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: max(0, room))
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return String(text[..<end])
    }
}
