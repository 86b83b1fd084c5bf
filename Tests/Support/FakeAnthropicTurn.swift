import Foundation

/// The reply of a fake Anthropic: its content blocks, as a stream and whole.
struct FakeAnthropicTurn {
    private let model: FakeAnthropicModel
    private let reply: FakeModelTurn.Reply
    private let thought: String?
    private let isHidden: Bool
    private let stop: String?

    init(_ request: FakeAnthropicRequest, model: FakeAnthropicModel) {
        self.model = model
        reply = request.dialogue.reply
        thought = request.thinks(by: model) ? "Considering “\(request.dialogue.text.prefix(40))”." : nil
        isHidden = model.thinking == .adaptive && request.thinking?.display != "summarized"
        stop = request.stop_sequences?.first {
            !request.dialogue.reply.text.contains($0) && request.dialogue.text.contains($0)
        }
    }

    /// The signature of a thought: it fits no other text.
    static func signature(_ thought: String) -> String {
        Data("signed:\(thought.utf8.reduce(5381) { ($0 &* 33 &+ Int($1)) & 0xFFFF_FFFF })".utf8).base64EncodedString()
    }

    private var reason: String {
        reply.calls.isEmpty ? (reply.isCut ? "max_tokens" : stop == nil ? "end_turn" : "stop_sequence") : "tool_use"
    }

    private var stopSequence: String { reason == "stop_sequence" ? stop?.inJSON ?? "null" : "null" }

    /// The events of the stream.
    var events: [FakeAnthropicEvent] {
        var events: [FakeAnthropicEvent] = [.start(model: model.id, inputTokens: reply.promptTokens), .ping]
        var index = 0
        func add(_ block: [FakeAnthropicEvent]) {
            events += block
            index += 1
        }
        if let thought {
            let pieces = isHidden ? [] : [String(thought.prefix(11)), String(thought.dropFirst(11))]
            add(FakeAnthropicEvent.thinking(index, pieces, signature: Self.signature(isHidden ? "" : thought)))
        }
        if reply.calls.isEmpty { add(FakeAnthropicEvent.text(index, reply.pieces)) }
        for (place, call) in reply.calls.enumerated() {
            add(FakeAnthropicEvent.call(index, id: Self.callID(place), call.name, call.arguments))
        }
        return events + [.end(reason, stopSequence: stopSequence, outputTokens: reply.completionTokens), .stop]
    }

    /// The response without a stream.
    var whole: String {
        var blocks: [String] = []
        if let thought {
            let shown = isHidden ? "" : thought
            blocks.append(
                "{\"type\":\"thinking\",\"thinking\":\(shown.inJSON),\"signature\":\(Self.signature(shown).inJSON)}"
            )
        }
        if reply.calls.isEmpty { blocks.append("{\"type\":\"text\",\"text\":\(reply.text.inJSON)}") }
        blocks += reply.calls.enumerated().map { place, call in
            "{\"type\":\"tool_use\",\"id\":\"\(Self.callID(place))\",\"name\":\(call.name.inJSON),"
                + "\"input\":\(call.arguments)}"
        }
        return FakeAnthropicEvent.message(
            model: model.id,
            content: blocks,
            reason: reason.inJSON,
            stopSequence: stopSequence,
            inputTokens: reply.promptTokens,
            outputTokens: reply.completionTokens
        )
    }

    private static func callID(_ place: Int) -> String { "toolu_01FakeFakeFakeFakeFakeFa\(place)" }
}
