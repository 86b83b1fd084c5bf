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
        [Self.chat, Self.embedding]
    }

    func model(_ model: String) async throws -> Model {
        if model == HashEmbedding.model { return Self.embedding }
        try check(model)
        return Self.chat
    }

    private static let chat = Model(
        name: "demo/\(model)",
        window: window,
        abilities: [.chat, .images, .tools],
        note: "Parley's built-in demo: a small program, not a language model."
    )

    private static let embedding = Model(
        name: "demo/\(HashEmbedding.model)",
        window: window,
        abilities: [.embeddings],
        note: "Counts words and parts of words by their hashes: finds texts that share words, knows no meanings."
    )

    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings {
        guard request.model == HashEmbedding.model else {
            try check(request.model)
            throw Fault(.invalid, "demo/\(request.model) makes no embeddings: demo/\(HashEmbedding.model) does.")
        }
        let embedding = try HashEmbedding(dimensions: request.dimensions)
        return Inference.Embeddings(
            model: "demo/\(HashEmbedding.model)",
            vectors: request.input.map { EmbeddingVector.base64(embedding.vector(of: $0)) },
            promptTokens: request.estimatedTokens,
            isEstimated: true
        )
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        try check(prompt.model)
        let messages = try prompt.decodedMessages()
        let (pieces, reason) = Self.pieces(of: DemoResponse(prompt, messages), options: prompt.options)
        let finish = Inference.Finish(
            reason: reason,
            model: "\(name)/\(Self.model)",
            usage: Usage(
                promptTokens: TokenEstimate.tokens(in: messages.map(\.text)),
                completionTokens: pieces.count,
                isEstimated: true
            )
        )
        let stream = DemoStream(pieces: pieces, finish: finish, pace: pace)
        return ElementStream(next: { try await stream.next() }, close: { stream.close() })
    }

    /// What is told, bit by bit, and why it ends.
    private static func pieces(
        of turn: DemoResponse,
        options: Inference.Options
    ) -> ([Inference.Event], Inference.Finish.Reason) {
        switch turn {
        case .text(let text):
            let answer = DemoCompletion(text, options: options)
            return (answer.words.map { Inference.Event(text: $0) }, answer.reason)
        case .call(let id, let name, let arguments):
            // As models do: the name first, then the arguments in parts that are no JSON by themselves.
            let middle = arguments.index(arguments.startIndex, offsetBy: arguments.count / 2)
            let pieces = [
                Inference.ToolCallDelta(index: 0, id: id, name: name, arguments: ""),
                Inference.ToolCallDelta(index: 0, arguments: String(arguments[..<middle])),
                Inference.ToolCallDelta(index: 0, arguments: String(arguments[middle...])),
            ]
            let events = pieces.map { piece in
                var event = Inference.Event()
                event.toolCalls = [piece]
                return event
            }
            return (events, .toolCalls)
        }
    }

    private func check(_ model: String) throws(Fault) {
        guard model == Self.model || model == "\(Self.model):latest" else {
            throw Fault(.missing, "The demo provider has no model \(model): its one model is demo/demo.")
        }
    }
}
