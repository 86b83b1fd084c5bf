import Bus
import Contracts
import NIOCore

/// An answer that is put together from its stream, since it is to be kept; bounded.
struct StoredAnswer {
    /// The most bytes that are gathered.
    static let sizeLimit = 16 * 1024 * 1024

    private var begin: Inference.Begin?
    private var text = ""
    private var refusal = ""
    private var toolCalls: [Inference.ToolCall] = []
    private var finish: Inference.Finish?
    private var size = 0
    private var isBroken = false

    /// Takes what came; an answer that cannot be read here can still be told.
    mutating func take(_ events: [ByteBuffer]) {
        for event in events where !isBroken {
            size += event.readableBytes
            do {
                guard size <= Self.sizeLimit else { throw Fault(.tooLarge, "The answer is too large to be kept.") }
                add(try BusCoding.decode(Inference.Event.self, from: event))
            } catch {
                isBroken = true
            }
        }
    }

    /// The answer, once its end has come.
    var answer: Inference.Answer? {
        guard !isBroken, let finish else { return nil }
        var answer = Inference.Answer(
            begin: begin ?? Inference.Begin(model: finish.model, attempts: []),
            finish: finish
        )
        if !text.isEmpty { answer.text = text }
        if !refusal.isEmpty { answer.refusal = refusal }
        if !toolCalls.isEmpty { answer.toolCalls = toolCalls }
        return answer
    }

    private mutating func add(_ event: Inference.Event) {
        begin = event.begin ?? begin
        text += event.text ?? ""
        refusal += event.refusal ?? ""
        for piece in event.toolCalls ?? [] { add(piece) }
        finish = event.finish ?? finish
    }

    private mutating func add(_ piece: Inference.ToolCallDelta) {
        if piece.index == toolCalls.count {
            toolCalls.append(Inference.ToolCall(id: piece.id ?? "", name: "", arguments: ""))
        }
        guard toolCalls.indices.contains(piece.index) else { return }
        toolCalls[piece.index].function.name += piece.name ?? ""
        toolCalls[piece.index].function.arguments += piece.arguments ?? ""
        toolCalls[piece.index].metadata = piece.metadata ?? toolCalls[piece.index].metadata
    }
}
