import Contracts
import JSON
import NIOCore

/// A result at the end of the conversation, with the call that it belongs to.
struct DemoToolResult {
    /// How many results are used.
    private static let countLimit = 16
    /// How much of a result is used, in bytes, and how much is shown, in characters.
    private static let length = 4096
    private static let shownLength = 600

    let tool: String
    let text: String
    /// The arguments of the call, as JSON.
    let arguments: String

    /// The results after the last message that is no result.
    static func latest(in messages: [Inference.Message]) -> [DemoToolResult] {
        let results = messages.suffix(countLimit).reversed().prefix { $0.role == .tool }.reversed()
        guard !results.isEmpty else { return [] }
        var calls: [String: Inference.ToolCall.Function] = [:]
        for call in messages.lazy.flatMap({ $0.toolCalls ?? [] }) { calls[call.id] = call.function }
        return results.map { message in
            let call = message.toolCallID.flatMap { calls[$0] }
            return DemoToolResult(
                tool: String((message.name ?? call?.name ?? "I called").prefix(bytes: 128)),
                text: String(message.text.prefix(bytes: length)).trimmed,
                arguments: String((call?.arguments ?? "").prefix(bytes: length))
            )
        }
    }

    /// What the result says about the question.
    func sentence(about question: DemoMessage) -> String {
        if tool == "recall_memory", let memories { return Self.recollection(of: memories, question) }
        if tool == "create_memory", text.lowercased().hasPrefix("new memory"), let fact = storedFact {
            return "I will remember: \(Self.sentence(fact))"
        }
        let shown = text.count > Self.shownLength ? String(text.prefix(Self.shownLength)) + "…" : text
        return text.isEmpty ? "The tool \(tool) answered nothing." : "The tool \(tool) answered: \(shown)"
    }

    /// The memories in a JSON array of strings; `nil` for any other text.
    private var memories: [String]? {
        var memories: [String] = []
        do {
            try ByteBuffer(string: text).withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                memories = try json.strings()
                try json.end()
            }
        } catch {
            return nil
        }
        return memories
    }

    /// The fact in the arguments of the call.
    private var storedFact: String? {
        var fact: String?
        do {
            try ByteBuffer(string: arguments).withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try json.object { key, json in
                    if case "memory_text" = key { fact = try json.optionalString() } else { try json.skip() }
                }
            }
        } catch {
            return nil
        }
        return fact.flatMap { $0.trimmed.isEmpty ? nil : $0 }
    }

    /// An answer from the memories that share the most words with the question.
    private static func recollection(of memories: [String], _ question: DemoMessage) -> String {
        guard !memories.isEmpty else { return "I have no memory of that. Ask me to remember it, and I will." }
        let asked = subjects(of: question)
        let scores = memories.map { memory in
            let words = DemoMessage(memory).lowercasedWords
            return asked.count { word in words.contains { DemoTool.sharesStem(word, $0) } }
        }
        let best = scores.max() ?? 0
        guard best > 0 || asked.isEmpty else {
            return "I have no memory that answers this. The nearest one is: \(sentence(memories[0]))"
        }
        let matching = zip(memories, scores).filter { $0.1 == best }.map { sentence($0.0) }
        return "I remember: \(matching.joined(separator: " "))"
    }

    /// The words that say what the question is about; general ones only if there are no others.
    private static func subjects(of question: DemoMessage) -> [String] {
        let words = question.subjects.filter { !["remember", "recall", "remind", "told", "user"].contains($0) }
        let specific = words.filter { !["favorite", "favourite", "name", "kind", "prefer", "love"].contains($0) }
        return specific.isEmpty ? words : specific
    }

    private static func sentence(_ text: String) -> String {
        let text = text.trimmed
        let shown = text.count > shownLength ? String(text.prefix(shownLength)) + "…" : text
        return shown.last.map { ".!?…".contains($0) } == true ? shown : shown + "."
    }
}
