import Contracts

extension Schema {
    /// The envelope of every error of v1.
    static let v1Error = Schema.object(
        name: "Error",
        [
            .required("error", .string, "The kind of error, for programs."),
            .required("message", .string, "What failed and what to do, for people."),
            .required("details", .map(.any), "More about the error; often empty."),
        ]
    )
}

/// The wire types of v1: conversations, messages and runs.
enum V1Schema {
    static let runStatus = Schema.values(["queued", "running", "completed", "stopped", "failed", "interrupted"])
    static let finishReason = Schema.values(["stop", "length", "tool_calls", "content_filter"])

    static let toolCall = Schema.object(
        name: "ToolCall",
        [
            .required("id", .string), .required("type", .values(["function"])),
            .required(
                "function",
                .object([.required("name", .string), .required("arguments", .string, "A JSON object, as text.")])
            ),
            .optional("extra_content", .any, "Data of the provider."),
        ]
    )

    static let context = Schema.object(
        name: "ContextReport",
        [
            .required("messages_used", .count, "Messages that the model received."),
            .required("messages_left_out", .count, "Earlier messages that did not fit into the model's window."),
            .required("tokens_estimated", .count), .required("window", .count, "The model's window, in tokens."),
            .optional(
                "memories",
                .array(.object(name: "MemoryExcerpt", [.required("id", .uuid), .required("text", .string)])),
                "The user's memories that were added to the prompt."
            ),
        ]
    )

    static let message = Schema.object(
        name: "Message",
        [
            .required("id", .uuid), .required("role", .values(["user", "assistant", "tool", "system"])),
            .required("content", .string),
            .required("message_type", .values(["text", "multimodal", "image", "audio"])),
            .required("media_urls", .array(.string)), .required("audio_url", .nullable(.string)),
            .required("audio_duration_seconds", .nullable(.count)), .required("token_count", .nullable(.count)),
            .required("created_at", .dateTime),
            .required("status", runStatus, "Of an answer: the status of its run."),
            .required("is_read", .boolean, "Whether the user has read the message."),
            .required("run_id", .nullable(.uuid), "The run that generated this message, or that answers it."),
            .required("parent_id", .nullable(.uuid), "The message before this one."),
            .required("sibling_index", .count, "The position among the messages with the same parent."),
            .required("sibling_count", .count), .optional("name", .string, "The participant, or the tool."),
            .optional("tool_calls", .array(toolCall)),
            .optional("tool_call_id", .string, "The tool call whose result this message is."),
            .optional("context", context),
        ]
    )

    static let usage = Schema.object(
        name: "Usage",
        [
            .required("prompt_tokens", .count), .required("completion_tokens", .count),
            .required("total_tokens", .count),
            .required("estimated", .boolean, "Whether the provider did not report the numbers."),
            .optional("cost_micros", .count, "Cost, in millionths of the currency of the prices."),
        ]
    )

    static let timing = Schema.object(
        name: "Timing",
        [
            .required("queue", .number), .required("first_token", .nullable(.number)),
            .required("upstream", .number), .required("total", .number),
        ]
    )

    /// The members at the end of a turn, beside those of its response or event.
    static let end: [Property] = [
        .required("assistant_message", .nullable(message)), .required("status", runStatus),
        .required("model", .nullable(.string)), .required("usage", .nullable(usage)),
        .optional("finish_reason", finishReason), .optional("context", context), .optional("timing", timing),
    ]

    typealias Property = Schema.Property

    static let influencer: [Property] = [
        .required("id", .uuid), .required("name", .string), .required("display_name", .string),
        .required("avatar_url", .string), .required("description", .string), .required("category", .string),
    ]

    static let activity = Property.required("is_active", .values(["active", "coming_soon", "discontinued"]))

    /// The members of an influencer that everybody sees.
    static let publicInfluencer: [Property] =
        influencer + [
            .required("created_at", .dateTime), .required("conversation_count", .nullable(.count), "`null` in lists."),
            activity, .required("suggested_messages", .array(.string)),
            .required("initial_greeting", .string, "The first message of a conversation; empty if there is none."),
        ]

    static let conversation = Schema.object(
        name: "Conversation",
        [
            .required("id", .uuid), .required("user_id", .string),
            .required(
                "influencer",
                .object(influencer + [activity, .required("suggested_messages", .array(.string))])
            ),
            .required("created_at", .dateTime), .required("updated_at", .dateTime), .required("message_count", .count),
            .required(
                "last_message",
                .nullable(
                    .object([
                        .required("content", .string), .required("role", .string), .required("created_at", .dateTime),
                    ])
                )
            ),
            .required("unread_count", .count, "Unread answers among the newest messages."),
            .required("last_read_at", .nullable(.dateTime)),
            .required("recent_messages", .array(message), "The newest messages, newest first."),
        ]
    )

    static let run = Schema.object(
        name: "Run",
        [
            .required("id", .uuid), .required("conversation_id", .uuid), .required("status", runStatus),
            .required("model", .nullable(.string)), .required("user_message_id", .uuid),
            .required("assistant_message_id", .nullable(.uuid)),
            .required("last_event", .count, "The number of the latest event."),
            .required("usage", .nullable(usage)), .optional("finish_reason", finishReason),
            .required(
                "error",
                .nullable(
                    .object([
                        .required("code", .string), .required("message", .string), .required("retryable", .boolean),
                    ])
                )
            ),
            .required(
                "attempts",
                .array(
                    .object([
                        .required("model", .string),
                        .required("outcome", .values(["answered", "failed", "skipped", "refused"])),
                        .required("error", .nullable(.string)), .required("status", .nullable(.integer())),
                        .required("milliseconds", .count),
                    ])
                ),
                "The calls of models until one answered."
            ),
            .required("created_at", .dateTime), .required("ended_at", .nullable(.dateTime)),
        ]
    )

    /// A page of messages.
    static let messages = Schema.object(
        name: "MessagePage",
        [
            .required("conversation_id", .uuid), .required("messages", .array(message)), .required("total", .count),
            .required("limit", .count), .required("offset", .count),
            .required("next", .nullable(.string), "The value of `before` or `after` for the next page."),
        ]
    )
}
