import Contracts
import ContractsJSON
import NIOCore

/// Decodes a response in OpenAI's format: a stream of chunks that ends with `[DONE]`, or one object.
struct OpenAIDecoder: AnswerDecoder {
    /// Maximum size of a line, and of a complete response, in bytes.
    static let limit = 8 * 1024 * 1024

    private let model: String
    private let names: ToolNames
    private let faults: ProviderFaults
    /// The parser of a stream; `nil` for a response that is one object.
    private var stream: ServerSentEventParser?
    private var whole = ByteBuffer()
    private var calls = ToolCallIndexer()
    private var reason: String?
    private var usage: Usage?
    private var isOver = false
    /// Whether the answer has any content yet.
    private var hasContent = false
    /// The log probabilities of one read.
    private var logprobs: [RawJSON] = []

    /// - Parameters:
    /// - model: the model's name with its provider.
    /// - isStream: whether the response is an event stream.
    /// - names: the names of the tools in the request.
    /// - faults: creates the provider's errors.
    init(model: String, isStream: Bool, names: ToolNames = ToolNames(), faults: ProviderFaults) {
        self.model = model
        self.names = names
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
        defer { addLogprobs(to: &event) }
        try take(items, into: &event)
    }

    /// Adds the log probabilities of one read to the event.
    private mutating func addLogprobs(to event: inout Inference.Event) {
        event.logprobs = RawJSON(joining: logprobs)
        logprobs = []
    }

    mutating func end(into event: inout Inference.Event) throws {
        defer { addLogprobs(to: &event) }
        if stream == nil {
            try endWhole(into: &event)
        } else {
            // An incomplete line is ignored.
            let isCut = stream?.unfinished.readableBytes ?? 0 > 0
            do {
                try take(stream?.end() ?? [], into: &event)
            } catch  where isCut {
                if reason == nil { throw faults.incompleteStream }
            }
        }
        // A finish reason completes the answer even without `[DONE]`.
        if reason != nil { finish(&event) }
    }

    /// Decodes a response that is one object.
    ///
    /// A truncated response is not retried, because it was generated and paid for.
    private mutating func endWhole(into event: inout Inference.Event) throws {
        guard whole.readableBytes > 0 else { return }
        do {
            try take(whole, into: &event)
        } catch let error as ProviderError where error.cause == .unreadable {
            throw ProviderError(.unreadable, faults.incompleteStream.fault)
        }
        whole.clear()
        // Some servers omit the finish reason.
        if reason == nil, hasContent { reason = "stop" }
    }

    private var tooLong: ProviderError { faults.invalidResponse("more than \(Self.limit) bytes at once") }

    private mutating func take(_ items: [ServerSentEventParser.Item], into event: inout Inference.Event) throws {
        for item in items where !isOver {
            switch item {
            case .data(let data) where data.readableBytesView.elementsEqual("[DONE]".utf8):
                // Some servers omit the finish reason and send `[DONE]`.
                guard reason != nil || hasContent else { throw faults.incompleteStream }
                finish(&event)
            case .data(let data): if data.readableBytes > 0 { try take(data, into: &event) }
            case .stray(let line):
                guard let error = OpenAIErrorBody(body: line) else { continue }
                throw faults.reported(error.report, model: model)
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
        if let error = chunk.error { throw faults.reported(error.report, model: model) }
        event.reasoning.add(chunk.reasoning)
        event.text.add(chunk.text)
        event.refusal.add(chunk.refusal)
        for call in chunk.calls {
            let piece = calls.piece(
                index: call.index,
                id: call.id,
                name: call.name.map(names.original),
                arguments: call.arguments,
                metadata: call.metadata
            )
            event.toolCalls = (event.toolCalls ?? []) + [piece]
        }
        if let more = chunk.logprobs { logprobs.append(more) }
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
    /// Appends a text; `nil` and an empty text change nothing.
    mutating func add(_ more: String?) {
        guard let more, !more.isEmpty else { return }
        if self == nil { self = more } else { self?.append(more) }
    }
}
