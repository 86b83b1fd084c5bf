import Contracts
import JSON

/// The options that OpenAI's dialect writes.
enum OpenAIOptions {
    /// Options with a type of their own in ``Inference/Options``, except those that OpenAI does not document.
    private static let typed: Set<String> = [
        "max_tokens", "stop", "temperature", "seed", "top_p", "frequency_penalty", "presence_penalty", "logprobs",
        "top_logprobs", "parallel_tool_calls", "reasoning_effort",
    ]
    /// Further options that OpenAI documents; they are passed on as they are.
    private static let documented: Set<String> = [
        "logit_bias", "service_tier", "verbosity", "prediction", "web_search_options", "prompt_cache_key",
        "prompt_cache_retention", "safety_identifier",
    ]
    /// Members of the request that are no options.
    private static let reserved: Set<String> = [
        "model", "messages", "stream", "stream_options", "tools", "tool_choice", "response_format",
        "max_completion_tokens", "top_k", "min_p", "n", "store", "metadata", "user",
    ]

    static func support(_ quirks: ServerQuirks) -> OptionSupport {
        OptionSupport(typed.union(documented), passesUnknown: quirks.acceptsUnknownOptions)
    }

    /// Writes the options without a type of their own that the server accepts.
    static func writeExtra(_ options: Inference.Options, _ quirks: ServerQuirks, to json: inout JSONWriter) {
        for (name, value) in options.extraMembers
        where !typed.contains(name) && !reserved.contains(name)
            && (quirks.acceptsUnknownOptions || documented.contains(name))
        {
            json.member(name) { $0.raw(value) }
        }
    }
}
