import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The messages of a conversation in Anthropic's format: separate instructions, and alternating turns of two sides.
struct AnthropicConversation: Sendable {
    private(set) var system: [String] = []
    private(set) var turns: [AnthropicTurn] = []
    /// Whether an answer of the current turn calls tools without its thinking: another model made it, or the client
    /// dropped it.
    private(set) var lacksThinking = false
    private let model: String
    private let traits: AnthropicModelTraits
    private let mayFetch: @Sendable (String) -> Bool

    /// Throws a ``ProviderError`` for content that Anthropic does not support.
    init(
        _ messages: [Inference.Message],
        model: String,
        traits: AnthropicModelTraits,
        mayFetch: @escaping @Sendable (String) -> Bool
    ) throws {
        self.model = model
        self.traits = traits
        self.mayFetch = mayFetch
        // Thinking is required only for the calls that belong to the last question.
        let question = messages.lastIndex { $0.role == .user } ?? -1
        for (index, message) in messages.enumerated() {
            switch message.role {
            // All instructions precede the conversation: models before version 4.8 accept them nowhere else.
            case .system, .developer: if !message.text.isBlank { system.append(message.text) }
            case .user: add(.user, try blocks(of: message))
            case .assistant: try addAnswer(message, isCurrent: index > question)
            case .tool: try addResult(message)
            }
        }
        // Anthropic requires a message, so instructions alone become one.
        if turns.isEmpty, !system.isEmpty {
            add(.user, system.map { .text($0) })
            system = []
        }
    }

    /// The size of the text of all turns, in bytes.
    var textBytes: Int { turns.reduce(0) { $0 + $1.blocks.reduce(0) { $0 + $1.textBytes } } }

    /// Adapts the first and the last turn to the rules of a request.
    ///
    /// - Parameter allowsPrefill: whether the last turn may be the beginning of the answer.
    mutating func close(allowsPrefill: Bool) {
        if turns.first?.role == .assistant {
            turns.insert(AnthropicTurn(role: .user, blocks: [.text("Begin.")]), at: 0)
        }
        guard let last = turns.indices.last, turns[last].role == .assistant else { return }
        if allowsPrefill, case .text(let text)? = turns[last].blocks.last {
            // The beginning of an answer must not end with white space.
            turns[last].blocks[turns[last].blocks.count - 1] = .text(text.withoutTrailingSpace)
        } else {
            turns.append(AnthropicTurn(role: .user, blocks: [.text("Continue.")]))
        }
    }

    /// Removes the thinking of earlier answers, for a request without thinking.
    mutating func dropThinking() {
        for index in turns.indices { turns[index].blocks.removeAll(where: \.isThinking) }
        turns.removeAll(where: \.blocks.isEmpty)
    }

    private mutating func add(_ role: AnthropicTurn.Role, _ blocks: [AnthropicBlock]) {
        guard !blocks.isEmpty else { return }
        if turns.last?.role == role {
            turns[turns.count - 1].blocks += blocks
        } else {
            turns.append(AnthropicTurn(role: role, blocks: blocks))
        }
    }

    private mutating func addAnswer(_ message: Inference.Message, isCurrent: Bool) throws {
        let uses = (message.toolCalls ?? []).map { call in
            AnthropicBlock.call(id: call.id, name: call.function.name, input: Self.object(call.function.arguments))
        }
        // A model may reject the thinking of another one.
        let isOwn = message.model.map { $0.hasSuffix("/" + model) } ?? true
        let ordered = AnthropicAnswer(message, calls: uses, keepsThinking: isCurrent && isOwn).blocks
        let blocks = try ordered ?? self.blocks(of: message) + uses
        if isCurrent, !uses.isEmpty, blocks.first?.isThinking != true { lacksThinking = true }
        add(.assistant, blocks)
    }

    /// Adds the result of a call; ``ToolHistory`` has put it directly after the answer with the call.
    private mutating func addResult(_ message: Inference.Message) throws {
        let isError = message.text == ToolHistory.missing
        add(.user, [.result(id: message.toolCallID ?? "", content: try blocks(of: message), isError: isError)])
    }

    /// The names of the tools that earlier answers called.
    var calledTools: [String] {
        var seen: Set<String> = []
        return turns.flatMap(\.blocks).compactMap { block in
            if case .call(_, let name, _) = block, seen.insert(name).inserted { name } else { nil }
        }
    }

    /// The texts and images of a message.
    ///
    /// Anthropic rejects texts without characters.
    private func blocks(of message: Inference.Message) throws -> [AnthropicBlock] {
        switch message.content {
        case nil: return []
        case .text(let text): return text.isBlank ? [] : [.text(text)]
        case .parts(let parts):
            return try parts.compactMap { part in
                if let image = part.image { return .image(try self.image(image)) }
                guard part.audio == nil else {
                    throw Self.unsupported("Anthropic does not support audio. Choose a model of another provider.")
                }
                guard let text = part.text ?? part.refusal, !text.isBlank else { return nil }
                return .text(text)
            }
        }
    }

    private func image(_ image: Inference.Image) throws -> AnthropicImage {
        guard traits.supportsImages else { throw Self.unsupported("The model does not support images.") }
        return try AnthropicImage(image, mayFetch: mayFetch)
    }

    private static func unsupported(_ message: String) -> ProviderError {
        ProviderError(.unsupported, Fault(.invalid, message))
    }

    /// Returns arguments that are a JSON object unchanged; another value becomes a member of a new object.
    private static func object(_ arguments: String) -> String {
        GeminiConversation.object(arguments, else: "arguments")
    }
}

extension String {
    /// Whether the text has only white space.
    var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }

    /// The text up to its last character that is no white space.
    fileprivate var withoutTrailingSpace: String {
        guard let last = unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(self[...last])
    }
}
