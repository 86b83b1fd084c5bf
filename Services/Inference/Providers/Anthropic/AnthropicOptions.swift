extension AnthropicProvider {
    var supportedOptions: OptionSupport {
        OptionSupport([
            "max_tokens", "stop", "temperature", "top_p", "top_k", "parallel_tool_calls", "reasoning_effort",
        ])
    }
}
