import Contracts
import JSON

/// The usage of an answer.
///
/// Its parts are cumulative: later values replace earlier ones.
struct AnthropicUsage {
    private var input: Int?
    private var cacheCreation: Int?
    private var cacheRead: Int?
    private var output: Int?
    private var thinking: Int?

    init() {}

    /// Reads the value of `usage`; values of the wrong type are ignored.
    mutating func read(_ json: inout JSONScanner) throws {
        try json.objectOrSkip { name, json in
            switch name {
            case "input_tokens": input = try json.count() ?? input
            case "cache_creation_input_tokens": cacheCreation = try json.count() ?? cacheCreation
            case "cache_read_input_tokens": cacheRead = try json.count() ?? cacheRead
            case "output_tokens": output = try json.count() ?? output
            case "output_tokens_details":
                try json.objectOrSkip { name, json in
                    guard case "thinking_tokens" = name else { return try json.skip() }
                    thinking = try json.count() ?? thinking
                }
            default: try json.skip()
            }
        }
    }

    /// The usage; `nil` if the counts are missing, or impossible for an answer.
    func usage(hasContent: Bool) -> Usage? {
        guard let input, let output, output > 0 || !hasContent else { return nil }
        let prompt = input + (cacheCreation ?? 0) + (cacheRead ?? 0)
        // Every prompt has tokens.
        guard prompt > 0 else { return nil }
        return Usage(
            promptTokens: prompt,
            completionTokens: output,
            isEstimated: false,
            cachedTokens: cacheRead,
            reasoningTokens: thinking
        )
    }
}
