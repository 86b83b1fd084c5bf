import Contracts
import NIOCore

/// Reads an answer in OpenAI's dialect: a stream of chunks up to `[DONE]`, or one whole answer.
struct OpenAIDecoder: AnswerDecoder {
    /// The longest line, and the longest whole answer, in bytes.
    static let limit = 8 * 1024 * 1024

    private let model: String
    private let faults: ProviderFaults
    /// The chunks of a stream; absent when the whole answer comes in one piece.
    private var stream: ServerSentEventParser?
    private var whole = ByteBuffer()
    private var calls = ToolCallIndexer()
    private var reason: String?
    private var usage: Usage?
    private var isOver = false
    /// Whether anything of the answer has come.
    private var hasContent = false
    /// What one read told of the tokens.
    private var told: [RawJSON] = []

    /// - Parameters:
    ///   - model: the model's full name.
    ///   - isStream: whether the answer says that it is an event stream.
    ///   - faults: what the provider's faults are called.
    init(model: String, isStream: Bool, faults: ProviderFaults) {
        self.model = model
        self.faults = faults
        stream = isStream ? ServerSentEventParser(limit: Self.limit) : nil
    }

    var isAwaitingTrailer: Bool { reason != nil }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        guard stream != nil else {
            whole.writeImmutableBuffer(bytes)
            guard whole.readableBytes <= Self.limit else { throw tooLong }
            return
        }
        let items: [ServerSentEventParser.Item]
        do {
            items = try stream?.append(bytes) ?? []
        } catch {
            throw tooLong
        }
        defer { tell(&event) }
        try take(items, into: &event)
    }

    /// How probable the tokens were, all that came in one read.
    private mutating func tell(_ event: inout Inference.Event) {
        event.logprobs = RawJSON(joining: told)
        told = []
    }

    mutating func end(into event: inout Inference.Event) throws {
        defer { tell(&event) }
        if stream == nil {
            try endWhole(into: &event)
        } else {
            // A line that was cut says nothing; what was said before it stands.
            let isCut = stream?.unfinished.readableBytes ?? 0 > 0
            do {
                try take(stream?.end() ?? [], into: &event)
            } catch  where isCut {
                if reason == nil { throw faults.unfinished }
            }
        }
        // What the model said last is its end, even if the server forgot to say that the stream is.
        if reason != nil { finish(&event) }
    }

    /// Reads the answer that came in one piece.
    ///
    /// The model has made it, and it was paid for: one that was cut is not asked for again.
    private mutating func endWhole(into event: inout Inference.Event) throws {
        guard whole.readableBytes > 0 else { return }
        do {
            try take(whole, into: &event)
        } catch let error as ProviderError where error.retryAdvice == .tryAnotherModel {
            throw ProviderError(faults.unfinished.fault, .none)
        }
        whole.clear()
        // Some servers leave the reason out.
        if reason == nil, hasContent { reason = "stop" }
    }

    private var tooLong: ProviderError { faults.invalidResponse("more than \(Self.limit) bytes at once") }

    private mutating func take(_ items: [ServerSentEventParser.Item], into event: inout Inference.Event) throws {
        for item in items where !isOver {
            switch item {
            case .data(let data) where data.readableBytesView.elementsEqual("[DONE]".utf8):
                // Some servers leave the reason out; that it is done they say all the same.
                guard reason != nil || hasContent else { throw faults.unfinished }
                finish(&event)
            case .data(let data): if data.readableBytes > 0 { try take(data, into: &event) }
            case .stray(let line):
                guard let error = OpenAIErrorBody(body: line) else { continue }
                throw faults.said(error.message ?? "")
            }
        }
    }

    private mutating func take(_ data: ByteBuffer, into event: inout Inference.Event) throws {
        let chunk: OpenAIChunk
        do {
            chunk = try OpenAIChunk(data)
        } catch {
            throw faults.invalidResponse("something that is not JSON")
        }
        if let error = chunk.error { throw faults.said(error.message ?? "") }
        event.reasoning.add(chunk.reasoning)
        event.text.add(chunk.text)
        event.refusal.add(chunk.refusal)
        for call in chunk.calls {
            let piece = calls.piece(
                index: call.index,
                id: call.id,
                name: call.name,
                arguments: call.arguments,
                metadata: call.metadata
            )
            event.toolCalls = (event.toolCalls ?? []) + [piece]
        }
        if let logprobs = chunk.logprobs { told.append(logprobs) }
        if chunk.text?.isEmpty == false || chunk.refusal != nil || !chunk.calls.isEmpty { hasContent = true }
        usage = chunk.usage ?? usage
        reason = chunk.finishReason ?? reason
    }

    private mutating func finish(_ event: inout Inference.Event) {
        guard !isOver else { return }
        isOver = true
        event.finish = Inference.Finish(reason: finishReason, model: model, usage: usage)
    }

    private var finishReason: Inference.Finish.Reason {
        switch reason {
        case "length", "max_tokens", "model_length": .length
        case "content_filter", "safety": .contentFilter
        case "tool_calls", "function_call": .toolCalls
        default: calls.isEmpty ? .stop : .toolCalls
        }
    }
}

extension String? {
    /// Adds more of a text; nothing is not even an empty text.
    mutating func add(_ more: String?) {
        guard let more, !more.isEmpty else { return }
        self = (self ?? "") + more
    }
}
