import Contracts
import JSON
import NIOCore

/// Decodes Anthropic's stream of events, or one whole message.
///
/// The answer ends with `message_stop`, or with the body after a stop reason. The parts of the answer are numbered; the
/// events of different parts are separate.
struct AnthropicDecoder: AnswerDecoder {
    private let name: String
    private let model: String
    private let faults: ProviderFaults
    private let limit: Int
    private var stream: ServerSentEventParser
    private var objects: JSONObjectSplitter
    private var blocks: AnthropicBlocks
    private var usage = AnthropicUsage()
    private var reason: String?
    private var isOver = false
    /// Complete events that precede the one that is being decoded.
    private var earlier: [Inference.Event] = []

    /// - Parameters:
    /// - name: the model's name with its provider.
    /// - model: the model's name without the provider.
    /// - names: the names of the tools in the request.
    /// - limit: the maximum size of an event, in bytes.
    /// - faults: creates the provider's errors.
    init(
        name: String,
        model: String,
        names: ToolNames = ToolNames(),
        limit: Int = GenerationTimeouts.defaultEventBytes,
        faults: ProviderFaults
    ) {
        self.limit = limit
        stream = ServerSentEventParser(limit: limit)
        objects = JSONObjectSplitter(limit: limit)
        self.name = name
        self.model = model
        self.faults = faults
        blocks = AnthropicBlocks(names: names, faults: faults)
    }

    var isAwaitingTrailer: Bool { reason != nil && !isOver }

    mutating func takeEarlierEvents() -> [Inference.Event] {
        guard !earlier.isEmpty else { return [] }
        defer { earlier = [] }
        return earlier
    }

    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws {
        do {
            for item in try stream.append(bytes) where !isOver { try take(item, into: &event) }
        } catch is JSONLines.TooLong {
            throw faults.eventTooLong(limit: limit)
        } catch is JSONScanner.Malformed {
            throw faults.invalidResponse("something that is not JSON")
        }
    }

    mutating func end(into event: inout Inference.Event) throws {
        // The rest is a complete event without a final line break, or incomplete and ignored.
        do {
            for item in stream.end() where !isOver { try take(item, into: &event) }
        } catch is JSONLines.TooLong {
        } catch is JSONScanner.Malformed {}
        if reason != nil { try finish(&event) }
    }

    private mutating func take(_ item: ServerSentEventParser.Item, into event: inout Inference.Event) throws {
        switch item {
        case .data(let data): if data.readableBytes > 0 { try take(data, into: &event) }
        case .failure(let data, let status):
            throw faults.reported(ErrorBody.report(of: data, status: status), model: model)
        case .stray(let line):
            for object in try objects.append(line) where !isOver { try take(object, into: &event) }
        }
    }

    private mutating func take(_ data: ByteBuffer, into event: inout Inference.Event) throws {
        // Proxies that also support other APIs may send it.
        if data.readableBytesView.elementsEqual("[DONE]".utf8) { return }
        let received = try AnthropicStreamEvent(data, usage: &usage)
        if let error = received.error { throw faults.reported(error.report(), model: model) }
        switch received.kind {
        case .blockStart: try blocks.start(received.block, at: received.index, &event, &earlier)
        case .blockDelta: try blocks.add(received.block, at: received.index, &event, &earlier)
        case .blockStop: try blocks.stop(received.index, &event, &earlier)
        case .messageDelta: end(received.block.stopReason, received.block.explanation, &event)
        case .messageStop:
            // Some servers omit the reason.
            if reason == nil, blocks.hasContent { reason = "end_turn" }
            if reason != nil { try finish(&event) }
        case .message: try take(message: received, into: &event)
        case .error: throw faults.reported(ErrorReport(), model: model)
        case .other:
            // Proxies have errors of their own.
            guard !received.isTyped, let error = ErrorBody(body: data) else { break }
            throw faults.reported(error.report, model: model)
        case .messageStart: break
        }
    }

    private mutating func take(message: AnthropicStreamEvent, into event: inout Inference.Event) throws {
        for (index, block) in message.content.enumerated() {
            try blocks.start(block, at: index, &event, &earlier)
            try blocks.stop(index, &event, &earlier)
        }
        end(message.stopReason ?? (blocks.hasContent ? "end_turn" : nil), message.explanation, &event)
        if reason != nil { try finish(&event) }
    }

    /// Notes why the answer ends.
    ///
    /// An empty reason is none.
    private mutating func end(_ reason: String?, _ explanation: String?, _ event: inout Inference.Event) {
        guard let reason, !reason.isEmpty else { return }
        self.reason = reason
        guard reason == "refusal", !blocks.hasText, let explanation, !explanation.isEmpty else { return }
        blocks.separate(&event, &earlier)
        event.refusal.add(explanation)
    }

    private mutating func finish(_ event: inout Inference.Event) throws {
        guard !isOver else { return }
        isOver = true
        let reason = finishReason
        guard blocks.hasContent || reason != .stop else { throw faults.emptyAnswer }
        event.finish = Inference.Finish(
            reason: reason,
            model: name,
            usage: usage.usage(hasContent: blocks.hasContent || blocks.hasReasoning)
        )
    }

    private var finishReason: Inference.Finish.Reason {
        switch reason {
        case "max_tokens", "model_context_window_exceeded": .length
        case "refusal": .contentFilter
        // `end_turn`, `stop_sequence`, `tool_use`, `pause_turn`, and reasons that are newer than this list.
        default: blocks.hasCalls ? .toolCalls : .stop
        }
    }
}
