/// An event of Anthropic's stream: its name and its data.
package struct FakeAnthropicEvent: Sendable {
    package let name: String
    package let data: String

    package init(_ name: String, _ members: String) {
        self.name = name
        data = "{\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}"
    }

    package static let ping = FakeAnthropicEvent("ping", "")
    package static let stop = FakeAnthropicEvent("message_stop", "")

    package static func start(model: String = "claude-sonnet-4-5-20250929", inputTokens: Int = 12) -> FakeAnthropicEvent
    {
        let message = message(model: model, content: [], reason: "null", inputTokens: inputTokens, outputTokens: 1)
        return FakeAnthropicEvent("message_start", "\"message\":\(message)")
    }

    /// A message, complete or at its start.
    package static func message(
        model: String = "claude-sonnet-4-5-20250929",
        content: [String],
        reason: String,
        stopSequence: String = "null",
        inputTokens: Int = 12,
        outputTokens: Int = 7
    ) -> String {
        """
        {"model":"\(model)","id":"msg_01FakeFakeFakeFakeFakeFake","type":"message","role":"assistant",\
        "content":[\(content.joined(separator: ","))],"stop_reason":\(reason),"stop_sequence":\(stopSequence),\
        "usage":{"input_tokens":\(inputTokens),"cache_creation_input_tokens":0,"cache_read_input_tokens":0,\
        "cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},\
        "output_tokens":\(outputTokens),"service_tier":"standard"}}
        """
    }

    package static func blockStart(_ index: Int, _ block: String) -> FakeAnthropicEvent {
        FakeAnthropicEvent("content_block_start", "\"index\":\(index),\"content_block\":\(block)")
    }

    package static func delta(_ index: Int, _ delta: String) -> FakeAnthropicEvent {
        FakeAnthropicEvent("content_block_delta", "\"index\":\(index),\"delta\":\(delta)")
    }

    package static func blockStop(_ index: Int) -> FakeAnthropicEvent {
        FakeAnthropicEvent("content_block_stop", "\"index\":\(index)")
    }

    package static func textDelta(_ index: Int, _ text: String) -> FakeAnthropicEvent {
        delta(index, "{\"type\":\"text_delta\",\"text\":\(text.inJSON)}")
    }

    /// A complete block of text.
    package static func text(_ index: Int, _ pieces: [String]) -> [FakeAnthropicEvent] {
        stream(
            [blockStart(index, #"{"type":"text","text":""}"#)],
            pieces.map { textDelta(index, $0) },
            [blockStop(index)]
        )
    }

    /// A complete block of thinking.
    package static func thinking(_ index: Int, _ pieces: [String], signature: String) -> [FakeAnthropicEvent] {
        stream(
            [blockStart(index, #"{"type":"thinking","thinking":"","signature":""}"#)],
            pieces.map { delta(index, "{\"type\":\"thinking_delta\",\"thinking\":\($0.inJSON)}") },
            [
                delta(index, "{\"type\":\"signature_delta\",\"signature\":\(signature.inJSON)}"), blockStop(index),
            ]
        )
    }

    /// A complete block of encrypted thinking.
    package static func redacted(_ index: Int, _ data: String) -> [FakeAnthropicEvent] {
        [blockStart(index, "{\"type\":\"redacted_thinking\",\"data\":\(data.inJSON)}"), blockStop(index)]
    }

    /// A complete tool call, with its arguments in fragments.
    package static func call(_ index: Int, id: String, _ name: String, _ arguments: String) -> [FakeAnthropicEvent] {
        var events = [
            blockStart(index, "{\"type\":\"tool_use\",\"id\":\(id.inJSON),\"name\":\(name.inJSON),\"input\":{}}"),
            delta(index, #"{"type":"input_json_delta","partial_json":""}"#),
        ]
        var rest = (arguments == "{}" ? "" : arguments)[...]
        while !rest.isEmpty {
            events.append(
                delta(index, "{\"type\":\"input_json_delta\",\"partial_json\":\(String(rest.prefix(5)).inJSON)}")
            )
            rest = rest.dropFirst(5)
        }
        return events + [blockStop(index)]
    }

    package static func end(
        _ reason: String,
        stopSequence: String = "null",
        outputTokens: Int = 7
    ) -> FakeAnthropicEvent {
        FakeAnthropicEvent(
            "message_delta",
            "\"delta\":{\"stop_reason\":\"\(reason)\",\"stop_sequence\":\(stopSequence)},"
                + "\"usage\":{\"output_tokens\":\(outputTokens)}"
        )
    }

    package static func error(_ type: String, _ message: String) -> FakeAnthropicEvent {
        FakeAnthropicEvent("error", "\"error\":{\"type\":\"\(type)\",\"message\":\(message.inJSON)}")
    }

    /// All events of these blocks, in order.
    package static func stream(_ blocks: [FakeAnthropicEvent]...) -> [FakeAnthropicEvent] { blocks.flatMap { $0 } }

    /// The event as it is sent.
    package var frame: String { "event: \(name)\ndata: \(data)\n\n" }
}
