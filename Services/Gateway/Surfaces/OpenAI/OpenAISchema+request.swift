import Contracts

/// The body of `POST /v1/chat/completions`.
extension OpenAISchema {
    static let completionRequest = Schema.object(
        name: "OpenAICompletionRequest",
        [
            .required("model", .modelName),
            .required("messages", .array(message, count: 1...10_000)),
            .optional("tools", .omittable(.array(tool, count: 0...128))),
            .optional("tool_choice", .omittable(.anyOf([.values(["auto", "none", "required"]), choice]))),
            .optional("response_format", .omittable(format)),
        ] + ChatParameter.all.map(\.property)
    )

    private static let content = Schema.anyOf([.string, .array(part)])

    private static let message = Schema.anyOf([
        .object([
            .required("role", .values(["system", "developer", "user"])), .required("content", content),
            .optional("name", .nullable(.string)),
        ]),
        .object([
            .required("role", .values(["assistant"])), .optional("content", .nullable(content)),
            .optional("tool_calls", .nullable(.array(V1Schema.toolCall))), .optional("name", .nullable(.string)),
        ]),
        .object([
            .required("role", .values(["tool"])), .required("content", content), .required("tool_call_id", .string),
            .optional("name", .nullable(.string)),
        ]),
    ])

    private static let part = Schema.anyOf([
        .object([.required("type", .values(["text"])), .required("text", .string)]),
        .object([
            .required("type", .values(["image_url"])),
            .required(
                "image_url",
                .object([
                    .required("url", .string, "A `data:` URL or an address."), .optional("detail", .nullable(.string)),
                ])
            ),
        ]),
        .object([
            .required("type", .values(["input_audio"])),
            .required(
                "input_audio",
                .object([.required("data", .string, "Base64."), .required("format", .string)])
            ),
        ]),
        .object([.required("type", .values(["refusal"])), .required("refusal", .string)]),
    ])

    private static let tool = Schema.object([
        .required("type", .values(["function"])),
        .required(
            "function",
            .object([
                .required("name", .string(.init(pattern: "^[a-zA-Z0-9_-]+$", length: 1...64))),
                .optional("description", .nullable(.string)), .optional("parameters", .nullable(.map(.any))),
            ])
        ),
    ])

    private static let choice = Schema.anyOf([
        .object([
            .required("type", .values(["function"])),
            .required("function", .object([.required("name", .string(.init(pattern: "^[a-zA-Z0-9_-]{1,64}$")))])),
        ]),
        .object([
            .required("type", .values(["allowed_tools"])),
            .required("allowed_tools", .map(.any), "The provider checks its members: mode and tools."),
        ]),
    ])

    private static let format = Schema.anyOf([
        .object([.required("type", .values(["text", "json_object"]))]),
        .object([
            .required("type", .values(["json_schema"])),
            .required("json_schema", .map(.any), "The provider checks its members: name, schema, strict."),
        ]),
    ])
}
