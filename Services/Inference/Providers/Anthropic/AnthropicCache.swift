import JSON

/// Where cache entries end: up to four places of a request.
///
/// Anthropic stores a prefix of the request for five minutes. Storing costs a quarter more than the prompt alone, and
/// reading a tenth, so only what a later request is likely to repeat is marked: the tools, the instructions, and, if the
/// conversation goes on, its last two turns of the user. Prompts below the smallest size that can be stored are not
/// marked.
struct AnthropicCache: Equatable, Sendable {
    /// The size from which a prompt may be stored, in bytes of text: about 1024 tokens.
    static let smallestPrompt = 4096

    private(set) var includesTools = false
    private(set) var includesSystem = false
    /// The indexes of the turns after which an entry ends.
    private(set) var turns: Set<Int> = []

    /// - Parameters:
    /// - conversation: the turns of the request.
    /// - toolBytes: the size of the tools, in bytes.
    init(_ conversation: AnthropicConversation, toolBytes: Int) {
        let instructionBytes = conversation.system.reduce(toolBytes) { $0 + $1.utf8.count }
        guard instructionBytes + conversation.textBytes >= Self.smallestPrompt else { return }
        includesTools = toolBytes > 0
        includesSystem = !conversation.system.isEmpty
        // A single question without tools has no continuation that is known yet.
        guard toolBytes > 0 || conversation.turns.contains(where: { $0.role == .assistant }) else { return }
        let places = conversation.turns.indices.filter { index in
            conversation.turns[index].role == .user && conversation.turns[index].blocks.contains(where: \.isCacheable)
        }
        turns = Set(places.suffix(2))
    }

    /// Writes the mark into a block.
    static func mark(_ json: inout JSONWriter) {
        json.object("cache_control") { $0.field("type", "ephemeral") }
    }
}
