import Contracts
import JSON

/// The usage of an answer in Gemini's format.
///
/// Thoughts are counted apart from the text, and results of tools apart from the prompt. Zeros are omitted.
struct GeminiUsage {
    private var prompt: Int?
    private var candidates: Int?
    private var thoughts: Int?
    private var cached: Int?
    private var tools: Int?
    private var total: Int?

    /// Reads the value of `usageMetadata`; values of the wrong type are ignored.
    init(from json: inout JSONScanner) throws {
        try json.objectOrSkip { name, json in
            switch name {
            case "promptTokenCount", "prompt_token_count": prompt = try json.count()
            case "candidatesTokenCount", "candidates_token_count": candidates = try json.count()
            case "thoughtsTokenCount", "thoughts_token_count": thoughts = try json.count()
            case "cachedContentTokenCount", "cached_content_token_count": cached = try json.count()
            case "toolUsePromptTokenCount", "tool_use_prompt_token_count": tools = try json.count()
            case "totalTokenCount", "total_token_count": total = try json.count()
            default: try json.skip()
            }
        }
    }

    /// The usage; `nil` if the prompt was not counted.
    var usage: Usage? {
        guard let prompt else { return nil }
        let shown = prompt + (tools ?? 0)
        let made = candidates.map { $0 + (thoughts ?? 0) } ?? max(thoughts ?? 0, (total ?? 0) - shown)
        return UsageCounts(prompt: shown, completion: made, total: total, cached: cached, reasoning: thoughts).usage
    }
}
