import Contracts
import NIOCore

/// The content blocks of an answer while it is decoded.
///
/// Blocks become numbered parts. Blocks of Anthropic's own tools are skipped.
struct AnthropicBlocks: Sendable {
    /// Maximum number of blocks.
    private static let limit = 4096
    /// Maximum size of all names, identifiers and signatures of an answer, in bytes.
    private static let opaqueLimit = 8 * 1024 * 1024

    private enum Kind {
        case text
        case thinking
        case call
        case skipped
    }

    private struct Block {
        var kind: Kind
        /// The number of the part.
        var part: Int
        /// The index of the tool call.
        var call = 0
        /// The complete arguments that came with the start of the block.
        var input: String?
        var hasArguments = false
    }

    private let names: ToolNames
    private let faults: ProviderFaults
    private var blocks: [Int: Block] = [:]
    private var partCount = 0
    private var callCount = 0
    private var ids: Set<String> = []
    private var opaqueBytes = 0
    /// The part of the last content.
    private var lastPart: Int?
    private(set) var hasText = false
    private(set) var hasReasoning = false

    init(names: ToolNames, faults: ProviderFaults) {
        self.names = names
        self.faults = faults
    }

    var hasCalls: Bool { callCount > 0 }
    /// Whether there is an answer, not only reasoning.
    var hasContent: Bool { hasText || hasCalls }

    /// Starts a block, which may have content already.
    mutating func start(
        _ content: AnthropicStreamEvent.Block,
        at index: Int?,
        _ event: inout Inference.Event,
        _ earlier: inout [Inference.Event]
    ) throws {
        guard partCount < Self.limit else { throw faults.invalidResponse("more than \(Self.limit) content blocks") }
        var block = Block(kind: Self.kind(content.type), part: partCount)
        partCount += 1
        if block.kind == .call {
            guard let name = content.name, !name.isEmpty else {
                throw faults.modelFailed("The model called a tool without a name.")
            }
            try count(name)
            try count(content.id ?? "")
            block.call = callCount
            callCount += 1
            block.input = content.input
            // A repeated identifier belongs to another call.
            let id = content.id.flatMap { !$0.isEmpty && ids.insert($0).inserted ? $0 : nil } ?? "call_\(block.call)"
            enter(block.part, &event, &earlier)
            event.toolCalls = [Inference.ToolCallDelta(index: block.call, id: id, name: names.original(name))]
        }
        blocks[index ?? block.part] = block
        try add(content, at: index ?? block.part, &event, &earlier)
    }

    /// Adds a piece of a block.
    mutating func add(
        _ piece: AnthropicStreamEvent.Block,
        at index: Int?,
        _ event: inout Inference.Event,
        _ earlier: inout [Inference.Event]
    ) throws {
        let index = index ?? 0
        // Some servers omit the start of a block.
        if blocks[index] == nil {
            guard piece.text != nil || piece.thinking != nil else { return }
            let type = piece.thinking == nil ? "text" : "thinking"
            try start(AnthropicStreamEvent.Block(type: type), at: index, &event, &earlier)
        }
        guard let block = blocks[index] else { return }
        switch block.kind {
        case .text:
            guard let text = piece.text, !text.isEmpty else { return }
            enter(block.part, &event, &earlier)
            event.text.add(text)
            hasText = true
        case .thinking: try addThinking(piece, to: block, &event, &earlier)
        case .call:
            guard let json = piece.partialJSON, !json.isEmpty else { return }
            addArguments(json, at: index, &event, &earlier)
        case .skipped: return
        }
    }

    private mutating func addThinking(
        _ piece: AnthropicStreamEvent.Block,
        to block: Block,
        _ event: inout Inference.Event,
        _ earlier: inout [Inference.Event]
    ) throws {
        if let text = piece.thinking, !text.isEmpty {
            enter(block.part, &event, &earlier)
            event.reasoning.add(text)
            hasReasoning = true
        }
        let signature =
            piece.data.map(AnthropicSignature.redacted)
            ?? piece.signature.flatMap { $0.isEmpty ? nil : AnthropicSignature.signature($0) }
        guard let signature else { return }
        try count(piece.data ?? piece.signature ?? "")
        enter(block.part, &event, &earlier)
        event.partMetadata = signature.metadata
        hasReasoning = true
    }

    /// Ends a block: a call without arguments gets those of its start, or an empty object.
    mutating func stop(_ index: Int?, _ event: inout Inference.Event, _ earlier: inout [Inference.Event]) throws {
        let index = index ?? 0
        guard let block = blocks[index], block.kind == .call, !block.hasArguments else { return }
        addArguments(block.input ?? "{}", at: index, &event, &earlier)
    }

    private mutating func addArguments(
        _ json: String,
        at index: Int,
        _ event: inout Inference.Event,
        _ earlier: inout [Inference.Event]
    ) {
        guard let block = blocks[index] else { return }
        enter(block.part, &event, &earlier)
        blocks[index]?.hasArguments = true
        if let last = event.toolCalls?.indices.last {
            event.toolCalls?[last].arguments.add(json)
        } else {
            event.toolCalls = [Inference.ToolCallDelta(index: block.call, arguments: json)]
        }
    }

    /// Makes the event one of a part: content of another part becomes an event of its own.
    private mutating func enter(_ part: Int, _ event: inout Inference.Event, _ earlier: inout [Inference.Event]) {
        guard part != lastPart else { return }
        separate(&event, &earlier)
        // The number is sent once: content without a number continues the part.
        event.part = part
        lastPart = part
    }

    /// Begins a new event.
    func separate(_ event: inout Inference.Event, _ earlier: inout [Inference.Event]) {
        guard !event.isEmpty else { return }
        earlier.append(event)
        event = Inference.Event()
    }

    /// Counts bytes that are not part of the answer's text.
    private mutating func count(_ text: String) throws {
        opaqueBytes += text.utf8.count
        guard opaqueBytes <= Self.opaqueLimit else {
            throw faults.invalidResponse("more than \(Self.opaqueLimit) bytes of names and signatures")
        }
    }

    private static func kind(_ type: String?) -> Kind {
        switch type {
        case "text": .text
        case "thinking", "redacted_thinking": .thinking
        case "tool_use": .call
        default: .skipped
        }
    }
}
