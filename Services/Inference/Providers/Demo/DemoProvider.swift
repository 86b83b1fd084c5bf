import Bus
import Contracts
import NIOCore

/// The built-in provider, which needs no network: a small program that says what it is.
struct DemoProvider: ChatModels, EmbeddingModels {
    /// The model's name without the provider.
    static let model = "demo"
    /// The context window, in tokens.
    static let window = 8192
    /// The prices of the models.
    static let prices = ["demo/*": Model.Price(prompt: 0, completion: 0)]

    /// Maximum size of messages that are answered on the caller's thread, in bytes.
    private static let cheapLimit = 16_384
    /// How many times longer a byte takes to embed than to parse.
    private static let embeddingCost = 16
    /// Maximum size of a text to embed, in bytes: about a second of a worker thread.
    private static let embeddingTextLimit = 4 << 20
    /// Size of the texts that a worker thread embeds in one go, in bytes.
    private static let embeddingBatch = 262_144

    let name = "demo"
    let address: String? = nil
    let isConfigured = true
    let isFree = true
    /// Delay before each word but the first.
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
        note: "Counts words and parts of words by their hashes: finds texts that share words, ignores meanings."
    )

    let supportedOptions = OptionSupport(["max_tokens", "stop", "seed"])

    /// As many texts as a request can have: the texts are divided here.
    let embeddingLimits = EmbeddingLimits(texts: 2048, bytesPerNumber: 6)

    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingAnswer {
        guard request.model == HashEmbedding.model else {
            try check(request.model)
            throw Fault(.invalid, "demo/\(request.model) does not support embeddings. Use demo/\(HashEmbedding.model).")
        }
        let embedding = try HashEmbedding(dimensions: request.dimensions)
        let texts = request.texts
        guard texts.allSatisfy({ $0.utf8.count <= Self.embeddingTextLimit }) else {
            throw Fault(
                .contextTooLong,
                "demo/\(HashEmbedding.model) supports at most \(Self.embeddingTextLimit) bytes. Send shorter texts, or "
                    + "use another model."
            )
        }
        var vectors: [String] = []
        // In batches, so that other requests get their turn and a client that disconnects ends the work.
        for batch in Self.batches(of: texts) {
            let bytes = batch.reduce(0) { $0 + $1.utf8.count }
            vectors += try await WorkerThreads.run(inputBytes: bytes * Self.embeddingCost) {
                batch.map { EmbeddingVector.base64(embedding.vector(of: $0)) }
            }
        }
        return EmbeddingAnswer(vectors: vectors, dimensions: request.dimensions ?? HashEmbedding.defaultDimensions)
    }

    /// Splits texts into batches of about ``embeddingBatch`` bytes.
    private static func batches(of texts: [String]) -> [[String]] {
        var (batches, batch, bytes): ([[String]], [String], Int) = ([], [], 0)
        for text in texts {
            batch.append(text)
            bytes += text.utf8.count
            guard bytes >= embeddingBatch else { continue }
            batches.append(batch)
            (batch, bytes) = ([], 0)
        }
        return batch.isEmpty ? batches : batches + [batch]
    }

    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event> {
        try check(prompt.model)
        // Short messages are cheap. What a schema or a list of tools costs does not follow from its size.
        let isCheap =
            prompt.plan.declarations == nil && !prompt.plan.format.isJSON
            && prompt.messages.readableBytes <= Self.cheapLimit
        let stream = isCheap ? try response(to: prompt) : try await WorkerThreads.run { try response(to: prompt) }
        return ElementStream(next: { try await stream.next() }, close: { stream.close() })
    }

    private func response(to prompt: Prompt) throws -> DemoStream {
        let messages = try prompt.decodedMessages()
        let response = try DemoResponse(prompt, DemoTranscript.expand(messages))
        let (pieces, reason) = Self.pieces(of: response, options: prompt.options)
        let finish = Inference.Finish(
            reason: reason,
            model: "\(name)/\(Self.model)",
            usage: Usage(
                promptTokens: messages.reduce(0) { $0 + TokenEstimate.tokens(in: $1.text) },
                completionTokens: pieces.count,
                isEstimated: true
            )
        )
        return DemoStream(pieces: pieces, finish: finish, pace: pace)
    }

    /// The events of a response, and its finish reason.
    private static func pieces(
        of turn: DemoResponse,
        options: Inference.Options
    ) -> ([Inference.Event], Inference.Finish.Reason) {
        switch turn {
        case .text(let text):
            let answer = DemoCompletion(text, options: options)
            return (answer.words.map { Inference.Event(text: $0) }, answer.reason)
        case .call(let id, let name, let arguments):
            // Like other models: first the name, then the arguments in two parts.
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
            throw Fault(.missing, "The demo provider has no model \(model). Use demo/demo.")
        }
    }
}
