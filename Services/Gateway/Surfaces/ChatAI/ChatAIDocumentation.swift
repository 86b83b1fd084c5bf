import Contracts

/// The documentation of seed 001's routes.
enum ChatAIDocumentation {
    static let create = RouteDocumentation(
        summary: "Create a conversation",
        description: "A body is ignored. `Idempotency-Key` makes a repeated request return the same conversation.",
        headers: [.idempotencyKey],
        responses: [
            RouteDocumentation.Answer(
                description: "The conversation, without messages.",
                schema: .object([
                    .required("id", .uuid), .required("messages", .array(message, count: 0...0)),
                    .required("created_at", .dateTime, "Microseconds and `Z`."),
                ]),
                example: RawJSON(
                    """
                    {"id":"0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f","messages":[],\
                    "created_at":"2026-11-20T23:47:56.134180Z"}
                    """
                )
            )
        ],
        errors: [422]
    )

    static let list = RouteDocumentation(
        summary: "List all conversations with all messages",
        description: "The conversations that were created here, oldest first. The response is streamed.",
        responses: [
            RouteDocumentation.Answer(
                description: "Times have milliseconds and no time zone; they are UTC.",
                schema: .array(
                    .object([
                        .required("id", .uuid), .required("messages", .array(storedMessage)),
                        .required("created_at", localTime),
                    ])
                )
            )
        ]
    )

    static let complete = RouteDocumentation(
        summary: "Send a message and get the answer",
        description: """
            With `stream`, the answer is plain text as it is generated, without framing: a failure after the first text \
            ends the connection before the response is complete. The generation continues if the client disconnects.
            """,
        path: [
            RouteDocumentation.Parameter(
                name: "id",
                schema: identifier,
                isRequired: true,
                description: "The conversation: a UUID, also in upper case or without dashes.",
                example: RawJSON(#""0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f""#)
            )
        ],
        headers: [.idempotencyKey],
        body: RouteDocumentation.Body(
            schema: .object([
                .required("message", .storableText),
                .optional(
                    "stream",
                    .anyOf([.nullable(.boolean), booleanText, .integer(0...1)]),
                    "A boolean, or a text or number that stands for one, such as `\"true\"`. Default: false."
                ),
            ]),
            example: RawJSON(#"{"message":"What is the current day?","stream":"false"}"#)
        ),
        responses: [
            RouteDocumentation.Answer(description: "The answer.", schema: message),
            RouteDocumentation.Answer(
                description: "With `stream`: the text of the answer.",
                type: "text/plain; charset=utf-8",
                schema: .string
            ),
            RouteDocumentation.Answer(status: 204, description: "The model answered nothing.", type: nil),
        ],
        errors: [404, 422, 502]
    )

    /// The forms of a UUID.
    private static let identifier = Schema.string(
        Schema.StringRules(
            pattern: "^(urn:uuid:)?([0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})$"
        )
    )

    /// The texts of ``LaxBoolean``.
    private static let booleanText = Schema.string(
        Schema.StringRules(
            pattern:
                "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy]([Ee][Ss])?|[Nn][Oo]?|[Oo][Nn]|[Oo][Ff][Ff]|[TtFf01])$"
        )
    )

    private static let localTime = Schema.string(
        Schema.StringRules(pattern: #"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3}000)?$"#)
    )

    private static let message = message(.dateTime)
    private static let storedMessage = message(localTime)

    private static func message(_ time: Schema) -> Schema {
        .object([
            .required("id", .uuid), .required("author", .values(["user", "assistant"])), .required("content", .string),
            .required("created_at", time),
        ])
    }
}
