import Contracts
import ContractsJSON
import JSON
import NIOCore

/// An event of the stream, or a whole message.
///
/// Unknown members and events are ignored.
struct AnthropicStreamEvent {
    enum Kind {
        case messageStart
        case blockStart
        case blockDelta
        case blockStop
        case messageDelta
        case messageStop
        case error
        /// A response without a stream.
        case message
        /// `ping`, and everything newer than this list.
        case other

        fileprivate init(_ raw: UnsafeRawBufferPointer.SubSequence) {
            self = Self.all.first { raw.elementsEqual($0.name.utf8) }?.kind ?? .other
        }

        private static let all: [(name: String, kind: Kind)] = [
            ("\"content_block_delta\"", .blockDelta), ("\"content_block_start\"", .blockStart),
            ("\"content_block_stop\"", .blockStop), ("\"message_start\"", .messageStart),
            ("\"message_delta\"", .messageDelta), ("\"message_stop\"", .messageStop), ("\"error\"", .error),
            ("\"message\"", .message),
        ]
    }

    /// A content block, or a piece of one.
    struct Block {
        /// `text`, `thinking`, `tool_use`, `text_delta`, and so on; `nil` in a delta of a message.
        var type: String?
        var text: String?
        var thinking: String?
        var signature: String?
        /// The encrypted data of a redacted block.
        var data: String?
        var id: String?
        var name: String?
        /// The complete arguments of a call, as JSON.
        var input: String?
        var partialJSON: String?
        var stopReason: String?
        /// Why the model refused, in words.
        var explanation: String?
    }

    private(set) var kind = Kind.other
    /// Whether the event names its type, as all of Anthropic's do.
    private(set) var isTyped = false
    private(set) var index: Int?
    /// The block that starts, or the delta of a block or of the message.
    private(set) var block = Block()
    /// The blocks of a whole message.
    private(set) var content: [Block] = []
    /// The reason in a whole message.
    private(set) var stopReason: String?
    private(set) var explanation: String?
    private(set) var error: AnthropicErrorBody?

    /// Reads an event; adds its counts to `usage`.
    ///
    /// Throws ``JSONScanner/Malformed`` for invalid JSON.
    init(_ bytes: ByteBuffer, usage: inout AnthropicUsage) throws {
        try bytes.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            try json.objectOrSkip { try read($0, &$1, &usage) }
            try json.end()
        }
    }

    private mutating func read(
        _ name: JSONScanner.Name,
        _ json: inout JSONScanner,
        _ usage: inout AnthropicUsage
    ) throws {
        switch name {
        case "type":
            isTyped = true
            kind = Kind(try json.raw())
        case "index": index = try json.optionalInt()
        case "delta", "content_block": block = try Self.block(&json)
        case "usage": try usage.read(&json)
        case "error" where json.kind != .null: error = try AnthropicErrorBody(from: &json)
        case "message":
            try json.objectOrSkip { name, json in
                if case "usage" = name { try usage.read(&json) } else { try json.skip() }
            }
        case "content":
            guard json.isArray() else { return try json.skip() }
            try json.array { content.append(try Self.block(&$0)) }
        case "stop_reason": stopReason = try json.optionalString()
        case "stop_details": explanation = try Self.explanation(&json)
        default: try json.skip()
        }
    }

    private static func block(_ json: inout JSONScanner) throws -> Block {
        var block = Block()
        try json.objectOrSkip { name, json in
            switch name {
            case "type": block.type = try json.optionalString()
            case "text": block.text = try json.optionalString()
            case "thinking": block.thinking = try json.optionalString()
            case "signature": block.signature = try json.optionalString()
            case "data": block.data = try json.optionalString()
            case "id": block.id = try json.optionalString()
            case "name": block.name = try json.optionalString()
            case "partial_json": block.partialJSON = try json.optionalString()
            case "input" where json.kind == .object: block.input = try json.rawJSON().text
            case "stop_reason": block.stopReason = try json.optionalString()
            case "stop_details": block.explanation = try explanation(&json)
            default: try json.skip()
            }
        }
        return block
    }

    private static func explanation(_ json: inout JSONScanner) throws -> String? {
        var explanation: String?
        try json.objectOrSkip { name, json in
            if case "explanation" = name { explanation = try json.optionalString() } else { try json.skip() }
        }
        return explanation
    }
}
