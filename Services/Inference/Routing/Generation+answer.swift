import Bus
import Contracts

extension Generation {
    /// Reads the generation to its end, for somebody who waits for the whole of it.
    func answer() async throws -> Inference.Answer {
        var draft = AnswerDraft()
        while let batch = try await next() {
            for event in batch { try draft.add(BusCoding.decode(Inference.Event.self, from: event)) }
        }
        return try draft.answer()
    }
}
