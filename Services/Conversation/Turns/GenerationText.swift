import Contracts

/// Divides the text of a batch of events into pieces that become one event each.
///
/// Pure function.
enum GenerationText {
    /// Returns the texts in order; consecutive texts of one kind are one piece.
    ///
    /// A refusal by the model is part of its text.
    static func pieces(of batch: [Inference.Event]) -> [(kind: RunStep.Chunk.Kind, text: String)] {
        var pieces: [(kind: RunStep.Chunk.Kind, text: String)] = []
        func add(_ kind: RunStep.Chunk.Kind, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            if pieces.last?.kind == kind {
                pieces[pieces.count - 1].text += text
            } else {
                pieces.append((kind, text))
            }
        }
        for event in batch {
            add(.reasoning, event.reasoning)
            add(.text, event.text)
            add(.text, event.refusal)
        }
        return pieces
    }
}
