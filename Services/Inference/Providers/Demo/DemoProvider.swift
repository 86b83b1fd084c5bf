import Bus
import Contracts

/// The built-in model: embedded, honest about what it is, and always there.
struct DemoProvider: Provider {
    /// The model's name, without its provider's.
    static let model = "demo"
    /// How many tokens of a conversation it is shown.
    static let window = 8192

    let name = "demo"
    let address: String? = nil
    let isConfigured = true
    /// How long it takes for a word.
    var pace = Duration.milliseconds(15)

    func models() async throws -> [Model] {
        [Model(name: "\(name)/\(Self.model)", window: Self.window)]
    }

    func window(of model: String) async throws -> Int {
        try check(model)
        return Self.window
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        try check(prompt.model)
        let messages = try prompt.decodedMessages()
        let reply = DemoReply(messages: messages, seed: prompt.options.seed ?? 0)
        let answer = DemoAnswer(reply.text, options: prompt.options)
        let finish = Inference.Finish(
            reason: answer.reason,
            model: "\(name)/\(Self.model)",
            usage: Usage(
                promptTokens: DemoAnswer.tokens(in: messages),
                completionTokens: answer.words.count,
                isEstimated: true
            )
        )
        let stream = DemoStream(words: answer.words, finish: finish, pace: pace)
        return ElementStream(next: { try await stream.next() }, close: { stream.close() })
    }

    private func check(_ model: String) throws(Fault) {
        guard model == Self.model || model == "\(Self.model):latest" else {
            throw Fault(.missing, "The demo provider has no model \(model): its one model is demo/demo.")
        }
    }
}
