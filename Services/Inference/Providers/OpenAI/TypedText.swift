import JSON

/// Text as servers write it: a string, a list of strings and of parts with a type, or parts within parts.
///
/// `[{"type":"thinking","thinking":[{"type":"text","text":"…"}]},{"type":"reference","reference_ids":[1]},"…"]`
struct TypedText: Sendable {
    /// What a text is.
    enum Kind: Sendable {
        case text
        case thought
        case refusal
    }

    private static let depthLimit = 8

    var text: String?
    var thought: String?
    var refusal: String?

    /// Reads a value of any form; `kind` is what its texts are unless a part says otherwise.
    mutating func read(_ json: inout JSONScanner, as kind: Kind, depth: Int = 0) throws {
        guard depth < Self.depthLimit else { return try json.skip() }
        switch json.kind {
        case .text: add(try json.optionalString(), as: kind)
        case .array: try json.array { try read(&$0, as: kind, depth: depth + 1) }
        case .object: try readPart(&json, as: kind, depth)
        default: try json.skip()
        }
    }

    private mutating func readPart(_ json: inout JSONScanner, as kind: Kind, _ depth: Int) throws {
        // The type may follow the text.
        var type = ""
        var plain = TypedText()
        var thoughts = TypedText()
        try json.object { name, json in
            switch name {
            case "type": type = try json.nonEmptyText() ?? ""
            case "text", "content", "value", "output_text": try plain.read(&json, as: kind, depth: depth + 1)
            case "thought" where json.kind == .flag: if try json.isTrue() { type = "thought" }
            case "thinking", "reasoning", "reasoning_content", "reasoning_text", "summary", "thought":
                try thoughts.read(&json, as: .thought, depth: depth + 1)
            case "refusal": try plain.read(&json, as: .refusal, depth: depth + 1)
            default: try json.skip()
            }
        }
        add(thoughts.thought, as: .thought)
        guard !Self.ignored.contains(where: type.contains) else { return }
        if let whole = Self.kind(ofType: type) {
            for text in [plain.thought, plain.text, plain.refusal] { add(text, as: whole) }
        } else {
            add(plain.thought, as: .thought)
            add(plain.text, as: .text)
            add(plain.refusal, as: .refusal)
        }
    }

    private mutating func add(_ more: String?, as kind: Kind) {
        switch kind {
        case .text: text.add(more)
        case .thought: thought.add(more)
        case .refusal: refusal.add(more)
        }
    }

    /// What all texts of a part are; `nil` if its type does not say.
    private static func kind(ofType type: String) -> Kind? {
        if ["think", "reason", "thought", "summary"].contains(where: type.hasPrefix) { return .thought }
        return type.hasPrefix("refusal") ? .refusal : nil
    }

    /// Parts of the types of parts that contain no text of the answer.
    private static let ignored = ["reference", "citation", "image", "audio", "video", "file", "tool", "search"]
}
