import Contracts

extension Generation {
    /// Reads the generation to its end and returns the complete answer.
    func answer() async throws -> Inference.Answer {
        var builder = AnswerBuilder()
        while let batch = try await next() {
            for event in batch { builder.add(event) }
        }
        return try builder.answer()
    }
}
