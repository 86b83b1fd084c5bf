import Contracts

/// The documentation of the routes of seed 002.
enum FunctionAgentDocumentation {
    static let prompt = RouteDocumentation(
        summary: "Send Prompt",
        description: """
            Creates or continues a conversation. To create one, leave out `conversation_id`; to continue one, send the \
            `conversation_id` of the first response. The body is ignored. The response has the messages of the turn \
            after the prompt: calls of tools, their results, and the answer. A turn that fails is answered with 502; \
            what is stored of it is in the conversation, whose id is in the header `x-parley-conversation`.
            """,
        query: [
            RouteDocumentation.Parameter(
                name: "prompt",
                schema: .string(Schema.StringRules(length: 1...1_000_000)),
                isRequired: true,
                example: RawJSON("\"What is my favorite flavor of apple?\"")
            ),
            RouteDocumentation.Parameter(name: "conversation_id", schema: .string),
        ],
        headers: [idempotencyKey],
        responses: [
            RouteDocumentation.Answer(
                description: "The new messages",
                schema: .object(
                    name: "AgentTurn",
                    [.required("conversation_id", .uuid), .required("new_messages", .array(message))]
                ),
                headers: [
                    RouteDocumentation.Parameter(name: "x-parley-conversation", schema: .uuid, isRequired: true)
                ]
            )
        ],
        errors: [404, 422, 502]
    )

    static let conversation = RouteDocumentation(
        summary: "Get Conversation",
        description: "Returns all messages of a conversation, beginning with the system prompt.",
        path: [
            RouteDocumentation.Parameter(
                name: "conversation_id",
                schema: identifier,
                isRequired: true,
                example: RawJSON("\"242fee1b-fe1f-4fa3-ba77-6287b0fe4a13\"")
            )
        ],
        responses: [
            RouteDocumentation.Answer(
                description: "The conversation",
                schema: .object(
                    name: "AgentConversation",
                    [.required("conversation_id", .uuid), .required("messages", .array(message))]
                )
            )
        ],
        errors: [404]
    )

    /// The header that makes a repeated request return the first result.
    static let idempotencyKey = RouteDocumentation.Parameter(
        name: "Idempotency-Key",
        schema: .idempotencyKey,
        description: "A request that is repeated with the same key within a day gets the result of the first one."
    )

    /// An identifier in a path; what is not a UUID is unknown, and control characters are refused earlier.
    static let identifier = Schema.string(Schema.StringRules(pattern: "^[0-9A-Za-z:_-]{1,64}$"))

    /// A message in the form of seed 002.
    private static let message = Schema.object(
        name: "AgentMessage",
        [
            .required("role", .values(["system", "user", "assistant", "tool"])), .required("content", .string),
            .optional("tool_calls", .array(toolCall), "The calls of an assistant message"),
            .optional("name", .string, "The tool of a result"),
            .optional("tool_call_id", .string, "The call of a result"),
        ]
    )

    private static let toolCall = Schema.object(
        name: "AgentToolCall",
        [
            .required("id", .string),
            .required(
                "function",
                .object([.required("arguments", .string, "The JSON text of the arguments"), .required("name", .string)])
            ), .required("type", .values(["function"])),
        ]
    )
}
