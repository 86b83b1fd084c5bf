import Contracts

/// The documentation of `/api/v1/memories`.
enum MemoriesDocumentation {
    static let list = RouteDocumentation(
        summary: "List or search memories",
        description: """
            Returns the caller's memories, newest first. With `q`, those that match it by words or by meaning, best first; \
            the text has no query syntax. A search has a `limit` of at most 100 and no `offset`.
            """,
        query: [
            RouteDocumentation.Parameter(
                name: "q",
                schema: .string,
                description: "The text to search for, at most 4096 bytes. An empty one is ignored.",
                example: RawJSON("\"coffee\"")
            ),
            RouteDocumentation.Parameter(
                name: "limit",
                schema: .integer(1...200),
                description: "Maximum number of memories (default: 50, or 20 with `q`)."
            ),
            RouteDocumentation.Parameter(
                name: "offset",
                schema: .integer(0...1_000_000_000),
                description: "Number of memories to skip (default: 0)."
            ),
        ],
        responses: [
            RouteDocumentation.Answer(
                description: "The memories.",
                schema: .object(
                    name: "MemoryList",
                    [
                        .required("memories", .array(memory)),
                        .required("total", .integer(), "Number of all memories, or of those found by a search."),
                        .required("limit", .integer()),
                        .required("offset", .integer()),
                    ]
                )
            )
        ]
    )

    static let create = RouteDocumentation(
        summary: "Store a memory",
        description: """
            Stores a fact about the caller. A text that differs from a stored one only in case, white space or Unicode \
            normalization is not stored again: the stored memory is returned with status 200.
            """,
        headers: [
            RouteDocumentation.Parameter(
                name: "Idempotency-Key",
                schema: .idempotencyKey,
                description:
                    "A request that is repeated with the same key within a day returns the memory of the first one."
            )
        ],
        body: body,
        responses: [
            RouteDocumentation.Answer(status: 201, description: "The new memory.", schema: memory),
            RouteDocumentation.Answer(status: 200, description: "The memory that existed already.", schema: memory),
        ],
        errors: [404, 409, 413, 415, 422]
    )

    static let clear = RouteDocumentation(
        summary: "Delete all memories",
        responses: [
            RouteDocumentation.Answer(
                description: "All memories of the caller are deleted.",
                schema: .object(
                    name: "DeletedMemories",
                    [.required("success", .boolean), .required("deleted_memories_count", .integer())]
                )
            )
        ]
    )

    static let find = RouteDocumentation(
        summary: "Find a memory",
        path: [id],
        responses: [RouteDocumentation.Answer(description: "The memory.", schema: memory)],
        errors: [404]
    )

    static let change = RouteDocumentation(
        summary: "Replace the text of a memory",
        path: [id],
        body: body,
        responses: [RouteDocumentation.Answer(description: "The changed memory.", schema: memory)],
        errors: [404, 409, 413, 415, 422]
    )

    static let delete = RouteDocumentation(
        summary: "Delete a memory",
        path: [id],
        responses: [
            RouteDocumentation.Answer(
                description: "The memory is deleted.",
                schema: .object(
                    name: "DeletedMemory",
                    [.required("success", .boolean), .required("deleted_memory_id", .uuid)]
                )
            )
        ],
        errors: [404]
    )

    private static let id = RouteDocumentation.Parameter(name: "id", schema: .uuid, isRequired: true)

    private static let body = RouteDocumentation.Body(
        schema: .object(
            name: "MemoryText",
            [
                .required(
                    "text",
                    .string(Schema.StringRules(pattern: #"\S"#, length: 1...Memory.maxBytes)),
                    "1 to 4096 bytes, without U+0000."
                )
            ]
        ),
        example: RawJSON(#"{"text":"I prefer tea to coffee."}"#)
    )

    private static let memory = Schema.object(
        name: "Memory",
        [
            .required("id", .uuid),
            .required("text", .string),
            .required("source", .values(["user", "tool", "extraction"]), "Who created the memory."),
            .required("conversation_id", .nullable(.uuid), "The conversation from which the fact is known."),
            .required("message_id", .nullable(.uuid), "The user's message from which the fact is known."),
            .required("created_at", .dateTime),
            .required("updated_at", .dateTime),
        ]
    )
}
