import Contracts

/// The documentation of turns: a message and its answer.
extension V1Documentation {
    static let send = RouteDocumentation(
        summary: "Send a message and generate the answer",
        description:
            "Returns JSON after the answer, or a stream of events with `Accept: text/event-stream` or `stream`. The "
            + "run continues if the client disconnects: follow it with `GET …/runs/{run}/events`.",
        path: [conversation],
        headers: [.idempotencyKey],
        body: .init(schema: V1Schema.messageRequest, example: RawJSON(#"{"content":"How long do I boil an egg?"}"#)),
        responses: answers,
        errors: [403, 404, 409, 422]
    )

    static let edit = RouteDocumentation(
        summary: "Send another version of a message and generate the answer",
        description: "Begins a new branch; the earlier version and its answers remain.",
        path: [conversation, message],
        headers: [.idempotencyKey],
        body: send.body,
        responses: answers,
        errors: [403, 404, 409, 422]
    )

    static let regenerate = RouteDocumentation(
        summary: "Generate another answer",
        description: "Begins a new branch beside the answer; the earlier answer remains.",
        path: [conversation, message],
        headers: [.idempotencyKey],
        body: .init(
            schema: .object(V1Schema.turnOptions),
            isRequired: false,
            example: RawJSON(#"{"temperature":0.7}"#)
        ),
        responses: answers,
        errors: [403, 404, 409, 422]
    )

    private static let answers: [RouteDocumentation.Answer] = [
        .init(
            description: "The message and its answer.",
            schema: .object(name: "Turn", [.required("user_message", V1Schema.message)] + V1Schema.end),
            headers: [runHeader]
        ),
        .events("The events of the run, each with its number as `id`.", V1Schema.runEvents, headers: [runHeader]),
    ]

    private static let runHeader = RouteDocumentation.Parameter(
        name: "X-Parley-Run",
        schema: .uuid,
        description: "The run, for following and stopping it."
    )
}

extension V1Schema {
    /// Numbers that are accepted in place of texts.
    private static let number = Schema.exactNumber
    private static let empty = Schema.values([""])

    /// The members of a turn's body beside the message.
    static let turnOptions: [Property] = [
        .optional(
            "client_message_id",
            .nullable(.anyOf([.idempotencyKey, number])),
            "An idempotency key, as an alternative to the header."
        ),
        .optional("stream", .nullable(.boolean), "Whether to return a stream of events."),
        .optional("model", .nullable(.modelName), "`provider/model`, or the name of a model."),
        .optional("temperature", .nullable(.decimal(0...2))),
        .optional(
            "max_tokens",
            .nullable(.anyOf([.integer(1...1_000_000), .string(.init(pattern: "^0*[1-9][0-9]{0,5}$"))]))
        ),
        .optional(
            "tools",
            .nullable(.array(.string(.init(length: 1...64)), count: 0...16)),
            "Names of the tools that the model may call (default: the persona's)."
        ),
    ]

    private static let attachments: [Property] = [
        .optional("media_urls", .nullable(.anyOf([.string(url), .array(.string(url), count: 0...10)]))),
        .optional("audio_url", .nullable(.string(url))),
        .optional(
            "audio_duration_seconds",
            .nullable(.anyOf([.integer(0...300), .string(.init(pattern: "^0*(300|[12]?[0-9]?[0-9])$"))]))
        ),
    ]

    private static let url = Schema.StringRules(length: 0...2048)
    private static let text = Schema.anyOf([.string(.init(length: 0...MessageRequest.textLimit)), number])

    /// The body of a message: what is required depends on its type.
    static let messageRequest = Schema.anyOf([
        .object(
            name: "TextMessageRequest",
            [
                .required(
                    "content",
                    .anyOf([.string(.init(pattern: #"\S"#, length: 1...MessageRequest.textLimit)), number])
                ),
                .optional("message_type", .nullable(.values(["text"]))),
            ] + attachments + turnOptions
        ),
        .object(
            name: "ImageMessageRequest",
            [
                .required("message_type", .values(["image", "multimodal"])),
                .required(
                    "media_urls",
                    .anyOf([.string(nonBlank), .array(.string(nonBlank), count: 1...10)])
                ),
                .optional("content", .nullable(text)),
            ] + attachments.dropFirst() + turnOptions
        ),
        .object(
            name: "AudioMessageRequest",
            [
                .required("message_type", .values(["audio"])), .required("audio_url", .string(nonBlank)),
                .optional("content", .nullable(text)),
            ] + [attachments[0], attachments[2]] + turnOptions
        ),
    ])

    private static let nonBlank = Schema.StringRules(pattern: #"\S"#, length: 1...2048)

    /// The events of a run.
    static let runEvents: [RouteDocumentation.Event] = [
        .init(name: "user_message", schema: message, description: "The stored message of the user."),
        .init(name: "reasoning", schema: .object([.required("text", .string)]), description: "More of the reasoning."),
        .init(name: "token", schema: .object([.required("text", .string)]), description: "More of the answer."),
        .init(name: "tool_call", schema: .object([.required("message", message)]), description: "Stored tool calls."),
        .init(name: "tool_result", schema: .object([.required("message", message)]), description: "A tool's result."),
        .init(
            name: "done",
            schema: .object(name: "RunEnd", end + [.required("run_id", .nullable(.uuid))]),
            description: "The run is completed or stopped."
        ),
        .init(
            name: "error",
            schema: .anyOf([
                .object(name: "RunError", error + end + [.required("run_id", .nullable(.uuid))]),
                .object(
                    name: "StreamError",
                    error + [
                        .required("assistant_message", .null), .required("status", .null),
                        .required("run_id", .nullable(.uuid)),
                    ]
                ),
            ]),
            description: "The run has failed or was interrupted; without an `id`: only this stream has."
        ),
    ]

    private static let error: [Property] = [
        .required("code", .string), .required("message", .string), .required("retryable", .boolean),
    ]
}

extension RouteDocumentation.Answer {
    /// A stream of Server-Sent Events.
    static func events(
        _ description: String,
        _ events: [RouteDocumentation.Event],
        headers: [RouteDocumentation.Parameter] = []
    ) -> RouteDocumentation.Answer {
        RouteDocumentation.Answer(
            description: description,
            type: "text/event-stream",
            schema: .string,
            headers: headers,
            events: events
        )
    }
}
