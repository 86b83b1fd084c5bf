import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The messages of a conversation in Gemini's format: separate instructions, and alternating turns of two sides.
struct GeminiConversation: Sendable {
    /// Longer texts are not parsed as JSON: a tree takes many times the memory of its text.
    private static let parsedLimit = 1 << 20

    private(set) var instructions: [String] = []
    private(set) var contents: [GeminiContent] = []
    private let traits: GeminiModelTraits
    private let media: GeminiMedia

    /// Converts messages; `instruction` is one more for the model.
    ///
    /// Throws a ``ProviderError`` for content that Gemini does not support.
    init(
        _ messages: [Inference.Message],
        instruction: String? = nil,
        traits: GeminiModelTraits,
        media: GeminiMedia
    ) throws {
        self.traits = traits
        self.media = media
        for message in messages {
            switch message.role {
            case .system, .developer: if !message.text.isEmpty { instructions.append(message.text) }
            case .user: add(.user, try parts(of: message))
            case .assistant: try addAnswer(message)
            case .tool: try addResult(message)
            }
        }
        if let instruction { instructions.append(instruction) }
        // Gemini requires contents, so instructions alone become contents.
        if !traits.supportsSystemInstruction || contents.isEmpty { moveInstructions() }
        if traits.requiresSignatures { sign() }
    }

    /// Replaces each part by the result of a closure.
    mutating func replace(_ part: (GeminiPart) throws -> GeminiPart) rethrows {
        for index in contents.indices { contents[index].parts = try contents[index].parts.map(part) }
    }

    private mutating func add(_ side: GeminiContent.Side, _ parts: [GeminiPart]) {
        guard !parts.isEmpty else { return }
        if contents.last?.side == side {
            contents[contents.count - 1].parts += parts
        } else {
            contents.append(GeminiContent(side: side, parts: parts))
        }
    }

    private mutating func addAnswer(_ message: Inference.Message) throws {
        var parts = try parts(of: message).filter { $0 != .text("") }
        if let signature = GeminiSignature.read(message.metadata) { Self.sign(&parts, signature) }
        for call in message.toolCalls ?? [] {
            parts.append(
                .call(
                    id: call.id,
                    name: call.function.name,
                    arguments: Self.object(call.function.arguments, else: "arguments"),
                    signature: GeminiSignature.read(call.metadata)
                )
            )
        }
        add(.model, parts)
    }

    /// Attaches the signature of an answer to its last text.
    private static func sign(_ parts: inout [GeminiPart], _ signature: String) {
        guard case .text(let text, nil) = parts.last else {
            parts.append(.text("", signature: signature))
            return
        }
        parts[parts.count - 1] = .text(text, signature: signature)
    }

    /// Adds the result of a tool; ``ToolHistory`` has set its name.
    private mutating func addResult(_ message: Inference.Message) throws {
        let images = try parts(of: message).filter { part in
            if case .text = part { false } else { true }
        }
        let response = Self.object(message.text, else: "result")
        add(.tools, [.result(id: message.toolCallID ?? "", name: message.name ?? "", response: response)] + images)
    }

    private func parts(of message: Inference.Message) throws -> [GeminiPart] {
        switch message.content {
        case nil: return []
        case .text(let text): return [.text(text)]
        case .parts(let parts):
            return try parts.compactMap { part in
                let signature = GeminiSignature.read(part.metadata)
                if let image = part.image { return try media.image(image) }
                if let audio = part.audio { return try media.audio(audio) }
                guard let text = part.text ?? part.refusal, !text.isEmpty || signature != nil else { return nil }
                return .text(text, signature: message.role == .assistant ? signature : nil)
            }
        }
    }

    /// Returns a text that is a JSON object unchanged; another value becomes a member of a new object.
    static func object(_ text: String, else name: StaticString) -> String {
        var bytes = text.utf8.count <= parsedLimit ? text : ""
        let value: RawJSON? = bytes.withUTF8 { bytes in
            do {
                var json = JSONScanner(UnsafeRawBufferPointer(bytes))
                let value = try json.rawJSON()
                try json.end()
                return value
            } catch {
                return nil
            }
        }
        if let value, value.text.utf8.first == UInt8(ascii: "{") { return value.text }
        let isNothing = text.utf8.allSatisfy { $0 <= 0x20 }
        var json = JSONWriter()
        json.object { json in
            if let value { json.field(name, value) } else if !isNothing { json.field(name, text) }
        }
        return String(buffer: json.buffer)
    }

    /// Moves the instructions to the beginning of the first user turn.
    private mutating func moveInstructions() {
        guard !instructions.isEmpty else { return }
        let parts = instructions.map { GeminiPart.text($0) }
        instructions = []
        if contents.first?.side == .user {
            contents[0].parts.insert(contentsOf: parts, at: 0)
        } else {
            contents.insert(GeminiContent(side: .user, parts: parts), at: 0)
        }
    }

    /// Adds a placeholder to the first call of each model turn without a signature: another model made the call.
    private mutating func sign() {
        for index in contents.indices where contents[index].side == .model {
            let first = contents[index].parts.firstIndex { part in
                if case .call = part { true } else { false }
            }
            guard let first, case .call(let id, let name, let arguments, nil) = contents[index].parts[first] else {
                continue
            }
            contents[index].parts[first] = .call(
                id: id,
                name: name,
                arguments: arguments,
                signature: GeminiSignature.none
            )
        }
    }
}
