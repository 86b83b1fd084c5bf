/// What a client may do that asked for a path that does not exist on the interface of OpenAI's API.
///
/// Pure.
enum UnknownOpenAIPath {
    private static let paths = ["/v1/chat/completions", "/v1/embeddings", "/v1/models"]
    private static let chat = "Use POST /v1/chat/completions"

    /// Parts of OpenAI's API that do not exist here, by the first segment after `/v1`.
    private static let advice = [
        "responses": "\(chat) instead of the Responses API. In the Agents SDK: "
            + #"set_default_openai_api("chat_completions"); in LangChain: use_responses_api=False."#,
        "completions": "\(chat) with `messages` instead of the legacy completions: "
            + #"client.chat.completions.create(messages=[{"role": "user", "content": prompt}])."#,
        "engines": "\(chat) or POST /v1/embeddings with the `model` in the body instead of a path with an engine.",
        "edits": "\(chat) with the instruction as a message instead of the legacy edits.",
        "moderations": "\(chat) with a moderation prompt and a `response_format`: there is no model for moderation.",
        "images": "Images cannot be generated. \(chat) with parts of the type `image_url` to describe images.",
        "videos": "Videos cannot be generated.",
        "audio": "Speech and transcription are not available on this interface. \(chat) with parts of the type "
            + "`input_audio` for models that hear.",
        "realtime": "The Realtime API is not available. \(chat) with `stream`.",
        "assistants": "\(chat) with `tools` instead of the Assistants API; stored conversations are at "
            + "/api/v1/chat/conversations.",
        "threads": "\(chat) with all messages instead of the Assistants API; stored conversations are at "
            + "/api/v1/chat/conversations.",
        "conversations":
            "Stored conversations are at /api/v1/chat/conversations; \(chat.lowercasedFirst) with `store` to "
            + "create one.",
        "files": "Files cannot be stored. \(chat) with the content in `messages`: images as `data:` URLs, recordings "
            + "as base64.",
        "uploads": "Files cannot be stored. \(chat) with the content in `messages`.",
        "vector_stores": "Vector stores are not available. Use POST /v1/embeddings and search on the client's side.",
        "batches": "Batches are not available. \(chat) for each request; requests can be sent at the same time.",
        "fine_tuning": "Models cannot be trained here.",
        "fine-tunes": "Models cannot be trained here.",
        "messages": "\(chat) instead of Anthropic's Messages API.",
        "organization": "Usage and keys are at /api/v1/usage and /api/v1/keys.",
        "usage": "Usage is at /api/v1/usage.",
    ]

    /// The sentences of the 404 response.
    static func message(method: String, target: String) -> String {
        let path = target.prefix { $0 != "?" && $0 != "#" }
        return "Unknown request URL: \(method) \(path.prefix(200)). \(advice(for: String(path)))"
    }

    private static func advice(for path: String) -> String {
        var segments = path.lowercased().split(separator: "/").map(String.init)
        while let first = segments.first, ["v1", "api", "openai"].contains(first) { segments.removeFirst() }
        let meant = "/v1/" + segments.joined(separator: "/")
        if paths.contains(meant) || meant.hasPrefix("/v1/models/") {
            return "Did you mean \(meant.prefix(200))? The base URL of clients must end with one /v1, in lower case."
        }
        if let advice = segments.first.flatMap({ advice[$0] }) { return advice }
        return "This server has POST /v1/chat/completions, POST /v1/embeddings and GET /v1/models."
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
