/// The used part of the response to `GET /models`; some servers report context windows.
struct OpenAIModels: Decodable {
    var data: [Entry]

    struct Entry: Decodable {
        var id: String
        /// The context window in vLLM's format.
        var max_model_len: Int?
        /// The context window in the format of OpenRouter and LM Studio.
        var context_length: Int?
        /// The context window in Groq's format.
        var context_window: Int?
        /// The context window in llama.cpp's format.
        var meta: Meta?

        struct Meta: Decodable {
            var n_ctx: Int?
            var n_ctx_train: Int?
        }

        /// The context window in tokens, if the server reports it.
        var window: Int? {
            let window = max_model_len ?? context_length ?? context_window ?? meta?.n_ctx ?? meta?.n_ctx_train
            return window.flatMap { $0 > 0 ? $0 : nil }
        }
    }

    /// The context windows of OpenAI's models by the prefixes of their names; the API does not report them.
    ///
    /// Source: the model pages of OpenAI's documentation.
    static func knownWindow(of model: String) -> Int? {
        [
            ("gpt-3.5-turbo", 16_385), ("gpt-4.1", 1_047_576), ("gpt-4o", 128_000), ("gpt-4-turbo", 128_000),
            ("gpt-5", 400_000), ("gpt-4", 8192), ("o1", 200_000), ("o3", 200_000), ("o4", 200_000),
            ("text-embedding", 8192),
        ].first { model.hasPrefix($0.0) }?.1
    }
}
