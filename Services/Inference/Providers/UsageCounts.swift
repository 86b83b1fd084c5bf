import Contracts
import JSON

/// The numbers of tokens that a provider reports; a value that is not a number of tokens is `nil`.
struct UsageCounts: Sendable, Equatable {
    var prompt: Int?
    var completion: Int?
    var total: Int?
    var cached: Int?
    var reasoning: Int?

    init(prompt: Int? = nil, completion: Int? = nil, total: Int? = nil, cached: Int? = nil, reasoning: Int? = nil) {
        self.prompt = prompt
        self.completion = completion
        self.total = total
        self.cached = cached
        self.reasoning = reasoning
    }

    var isEmpty: Bool { self == UsageCounts() }

    /// The usage; 0 for a number that is missing, `nil` if the numbers say nothing or contradict each other.
    var usage: Usage? {
        if let total, total < max(prompt ?? 0, completion ?? 0) { return nil }
        let shown = prompt ?? completion.flatMap { completion in total.map { $0 - completion } } ?? 0
        var made = completion ?? (prompt == nil ? 0 : max(0, (total ?? 0) - shown))
        // xAI counts reasoning apart from the completion.
        if let reasoning, let total, reasoning > 0, completion != nil, shown + made + reasoning == total {
            made += reasoning
        }
        guard shown > 0 || made > 0 else { return nil }
        return Usage(
            promptTokens: shown,
            completionTokens: made,
            isEstimated: false,
            cachedTokens: cached.flatMap { $0 <= shown ? $0 : nil },
            reasoningTokens: reasoning.flatMap { $0 <= made ? $0 : nil }
        )
    }
}

extension UsageCounts {
    /// Reads the object `usage` of OpenAI's format.
    init(openAI json: inout JSONScanner) throws {
        try json.object { name, json in
            switch name {
            case "prompt_tokens", "input_tokens": prompt = try json.count() ?? prompt
            case "completion_tokens", "output_tokens": completion = try json.count() ?? completion
            case "total_tokens": total = try json.count()
            case "prompt_tokens_details":
                try json.objectOrSkip { name, json in
                    if case "cached_tokens" = name { cached = try json.count() } else { try json.skip() }
                }
            case "completion_tokens_details":
                try json.objectOrSkip { name, json in
                    if case "reasoning_tokens" = name { reasoning = try json.count() } else { try json.skip() }
                }
            default: try json.skip()
            }
        }
    }
}
