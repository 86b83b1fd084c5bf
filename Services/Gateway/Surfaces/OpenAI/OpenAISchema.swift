import Contracts

extension Schema {
    /// The body of every error, in OpenAI's form.
    static let openAIError = Schema.object(
        name: "OpenAIError",
        [
            .required(
                "error",
                .object([
                    .required("message", .string), .required("type", .string), .required("param", .nullable(.string)),
                    .required("code", .nullable(.string)),
                ])
            )
        ]
    )
}

/// The responses of OpenAI's API.
enum OpenAISchema {
    typealias Property = Schema.Property

    static let model = Schema.object(
        name: "OpenAIModel",
        [
            .required("id", .string), .required("object", .values(["model"])), .required("created", .count),
            .required("owned_by", .string), .required("context_window", .count, "In tokens."),
        ]
    )

    private static let usage = Schema.object(
        name: "OpenAIUsage",
        [
            .required("prompt_tokens", .count), .required("completion_tokens", .count),
            .required("total_tokens", .count),
            .optional("prompt_tokens_details", .object([.required("cached_tokens", .count)])),
            .optional("completion_tokens_details", .object([.required("reasoning_tokens", .count)])),
            .optional("estimated", .boolean, "Whether the provider did not report the numbers."),
        ]
    )

    private static let verdict = Schema.object([
        .required("valid", .boolean, "Whether the answer has the requested format."),
        .optional("reason", .string, "What is wrong, with the place in the answer."),
    ])

    private static let logprobs = Schema.nullable(
        .object([.required("content", .nullable(.any)), .required("refusal", .null)])
    )

    static let completion = Schema.object(
        name: "OpenAICompletion",
        [
            .required("id", .string), .required("object", .values(["chat.completion"])), .required("created", .count),
            .required("model", .string),
            .required(
                "choices",
                .array(
                    .object([
                        .required("index", .count),
                        .required(
                            "message",
                            .object([
                                .required("role", .values(["assistant"])), .required("content", .nullable(.string)),
                                .required("refusal", .nullable(.string)), .optional("reasoning_content", .string),
                                .optional("tool_calls", .array(V1Schema.toolCall)), .optional("extra_content", .any),
                            ])
                        ), .required("logprobs", logprobs), .required("finish_reason", V1Schema.finishReason),
                        .optional("format_verdict", verdict),
                    ])
                )
            ), .optional("usage", usage),
        ]
    )

    static let chunk = Schema.object(
        name: "OpenAIChunk",
        [
            .required("id", .string), .required("object", .values(["chat.completion.chunk"])),
            .required("created", .count), .required("model", .string),
            .optional("usage", .nullable(usage), "With `include_usage`: in the last chunk, which has no choices."),
            .required(
                "choices",
                .array(
                    .object([
                        .required("index", .count),
                        .required(
                            "delta",
                            .object([
                                .optional("role", .values(["assistant"])), .optional("content", .string),
                                .optional("reasoning_content", .string), .optional("refusal", .string),
                                .optional("tool_calls", .array(toolCallDelta)), .optional("extra_content", .any),
                            ])
                        ), .required("logprobs", logprobs),
                        .required("finish_reason", .nullable(V1Schema.finishReason)),
                        .optional("format_verdict", verdict),
                    ])
                )
            ),
        ]
    )

    private static let toolCallDelta = Schema.object([
        .required("index", .count), .optional("id", .string), .optional("type", .values(["function"])),
        .required("function", .object([.optional("name", .string), .optional("arguments", .string)])),
        .optional("extra_content", .any),
    ])
}
