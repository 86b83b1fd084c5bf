import Contracts

extension Generation {
    /// Reads the generation to its end, for somebody who waits for the whole of it.
    func answer() async throws -> Inference.Answer {
        var draft = AnswerBuilder()
        while let batch = try await next() {
            for event in batch { draft.add(event) }
        }
        return try draft.answer()
    }
}
