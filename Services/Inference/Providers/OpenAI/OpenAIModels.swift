/// What `GET /models` answers, as far as we read it: OpenAI tells ids, other servers windows as well.
struct OpenAIModels: Decodable {
    var data: [Entry]

    struct Entry: Decodable {
        var id: String
        /// vLLM's name for the window.
        var max_model_len: Int?
        /// OpenRouter's and LM Studio's.
        var context_length: Int?
        /// Groq's.
        var context_window: Int?
        /// llama.cpp's.
        var meta: Meta?

        struct Meta: Decodable {
            var n_ctx: Int?
            var n_ctx_train: Int?
        }

        /// The model's window in tokens, where the server says so.
        var window: Int? {
            let window = max_model_len ?? context_length ?? context_window ?? meta?.n_ctx ?? meta?.n_ctx_train
            return window.flatMap { $0 > 0 ? $0 : nil }
        }
    }

    /// The windows of OpenAI's own models by the beginning of their names, the longest first; its API does not tell them.
    ///
    /// Source: the models' pages of OpenAI's documentation.
    static func knownWindow(of model: String) -> Int? {
        [
            ("gpt-3.5-turbo", 16_385), ("gpt-4.1", 1_047_576), ("gpt-4o", 128_000), ("gpt-4-turbo", 128_000),
            ("gpt-5", 400_000), ("gpt-4", 8192), ("o1", 200_000), ("o3", 200_000), ("o4", 200_000),
            ("text-embedding", 8192),
        ].first { model.hasPrefix($0.0) }?.1
    }
}
