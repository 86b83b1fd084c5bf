import Contracts

/// The documentation of the routes of seed 004.
enum SessionChatDocumentation {
    static let open = RouteDocumentation(
        summary: "Open a session",
        description: "Opens a new session of a user. Each call opens another one.",
        query: [username],
        headers: [FunctionAgentDocumentation.idempotencyKey],
        responses: [
            RouteDocumentation.Answer(
                description: "The new session",
                schema: .object(
                    name: "OpenedSession",
                    [.required("message", .string), .required("session_id", sessionID)]
                ),
                example: RawJSON(
                    """
                    {"message":"Welcome to the chat service alice!","session_id":"019abf3e5d607b0c9a2f4d1e6c7b8a90"}
                    """
                )
            )
        ],
        errors: [403, 422]
    )

    static let list = RouteDocumentation(
        summary: "List the sessions of a user",
        description: "Returns all sessions of a user, oldest first.",
        query: [username],
        responses: [
            RouteDocumentation.Answer(
                description: "The sessions",
                schema: .object(
                    name: "SessionList",
                    [
                        .required("username", .string),
                        .required(
                            "sessions",
                            .array(
                                .object(
                                    name: "Session",
                                    [
                                        .required("session_id", sessionID), .required("created_at", .dateTime),
                                        .required("updated_at", .dateTime, "Time of the latest message"),
                                    ]
                                )
                            )
                        ),
                    ]
                )
            )
        ],
        errors: [403, 422]
    )

    static let chat = RouteDocumentation(
        summary: "Chat",
        description: """
            Sends a message and streams the answer. Each event is one or more `data:` lines with a piece of the text; \
            lines end with CRLF, an event has no name, and the connection ends after the last one. A client joins the \
            lines of an event with a line feed, and the events without anything between them. A comment every 15 \
            seconds keeps the connection alive. A model that fails before its first token is answered with 502, later \
            with an event `error` whose data is `{"detail"}`. The run goes on if the client disconnects, and its answer \
            is in the history. Only `payload` of the body is used.
            """,
        path: [session],
        headers: [FunctionAgentDocumentation.idempotencyKey],
        body: RouteDocumentation.Body(
            schema: .object(
                name: "Chat",
                [
                    .required("payload", .string, "The message"), .optional("session_id", .nullable(.string)),
                    .optional("username", .nullable(.string)), .optional("message_history", .nullable(.array(.any))),
                ]
            ),
            example: RawJSON("{\"payload\":\"Hello! What is your name?\"}")
        ),
        responses: [
            RouteDocumentation.Answer(
                description: "The answer as Server-Sent Events",
                type: "text/event-stream",
                schema: .string,
                events: [
                    token,
                    RouteDocumentation.Event(
                        name: "error",
                        schema: .object([.required("detail", .string)]),
                        description: "The model failed after its first token; nothing follows."
                    ),
                ]
            )
        ],
        errors: [404, 422, 502]
    )

    static let history = RouteDocumentation(
        summary: "Chat History",
        description: "Returns all messages of a session, oldest first. `payload` is always empty.",
        path: [session],
        responses: [
            RouteDocumentation.Answer(
                description: "The session and its messages",
                schema: .object(
                    name: "ChatHistory",
                    [
                        .required("payload", .values([""])), .required("session_id", sessionID),
                        .required("username", .string),
                        .required(
                            "message_history",
                            .array(
                                .object(
                                    name: "ChatMessage",
                                    [.required("role", .values(["user", "assistant"])), .required("content", .string)]
                                )
                            )
                        ),
                    ]
                )
            )
        ],
        errors: [404]
    )

    static let example = RouteDocumentation(
        summary: "Demonstrate a stream",
        description: "Streams seven tokens in the format of the answers.",
        responses: [
            RouteDocumentation.Answer(
                description: "Server-Sent Events",
                type: "text/event-stream",
                schema: .string,
                events: [token]
            )
        ]
    )

    private static let token = RouteDocumentation.Event(
        name: "message",
        schema: .string,
        description: "A piece of the answer, which may have several lines."
    )

    private static let username = RouteDocumentation.Parameter(
        name: "username",
        schema: .string(Schema.StringRules(length: 1...255)),
        isRequired: true,
        description: "The user; with a credential, the caller's own name unless the caller is an admin.",
        example: RawJSON("\"alice\"")
    )

    private static let session = RouteDocumentation.Parameter(
        name: "session_id",
        schema: FunctionAgentDocumentation.identifier,
        isRequired: true,
        description: "The session's id; any form of its UUID.",
        example: RawJSON("\"019abf3e5d607b0c9a2f4d1e6c7b8a90\"")
    )

    private static let sessionID = Schema.string(Schema.StringRules(pattern: "^[0-9a-f]{32}$"))
}
