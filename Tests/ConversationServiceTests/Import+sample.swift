import Contracts

extension Conversations.Import {
    /// A conversation to import, with a text as its answer.
    static func sample(_ messages: [Inference.Message], _ text: String? = "Answer.") -> Self {
        let usage = Usage(promptTokens: 12, completionTokens: 3, isEstimated: false)
        let begin = Inference.Begin(
            model: "x/y",
            attempts: [Attempt(model: "x/y", outcome: .answered, milliseconds: 1)]
        )
        let metadata = RawJSON(#"{"google":{"thought_signature":"c2ln"}}"#)
        let finish = Inference.Finish(reason: .length, model: "x/y", usage: usage, metadata: metadata)
        var answer = Inference.Answer(begin: begin, finish: finish)
        answer.text = text
        return Self(id: Conversation.ID(), messages: messages, answer: answer)
    }
}
