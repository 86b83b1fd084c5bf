import Contracts

/// The documentation of conversations, their messages and runs.
extension V1Documentation {
    static let createConversation = RouteDocumentation(
        summary: "Open a conversation with an influencer",
        description: "A user has one conversation with each influencer, unless `new` asks for another one.",
        headers: [.idempotencyKey],
        body: .init(
            schema: .object([.required("influencer_id", .uuid), .optional("new", .nullable(.boolean))]),
            example: RawJSON(#"{"influencer_id":"019abd00-0000-7000-8000-000000000001"}"#)
        ),
        responses: [
            .init(status: 200, description: "The existing conversation.", schema: V1Schema.conversation),
            .init(status: 201, description: "A new conversation.", schema: V1Schema.conversation),
        ],
        errors: [403, 404, 409, 422]
    )

    static let conversations = RouteDocumentation(
        summary: "List the caller's conversations",
        query: [
            .init(
                name: "influencer_id",
                schema: optional(.uuid),
                description: "Only conversations with this influencer."
            ),
            .limit(1...100, default: 20), .offset,
            .init(
                name: "cursor",
                schema: .string(.init(pattern: "^([0-9A-Za-z]{1,12}-[0-9A-Za-z]{1,12})?$")),
                description: "The `next` of the page before, without `offset`."
            ),
        ],
        responses: [
            .init(
                description: "A page of conversations, the latest used first.",
                schema: .object([
                    .required("conversations", .array(V1Schema.conversation)), .required("total", .count),
                    .required("limit", .count), .required("offset", .count),
                    .required("next", .nullable(.string), "The value of `cursor` for the next page."),
                ])
            )
        ]
    )

    static let deleteConversation = RouteDocumentation(
        summary: "Delete a conversation",
        path: [conversation],
        responses: [
            .init(
                description: "The conversation is deleted.",
                schema: .object([
                    .required("success", .boolean), .required("message", .string),
                    .required("deleted_conversation_id", .uuid), .required("deleted_messages_count", .count),
                ])
            )
        ],
        errors: [403, 404]
    )

    static let messages = RouteDocumentation(
        summary: "List the messages of a conversation",
        description: "The messages of the selected branch.",
        path: [conversation],
        query: [
            .limit(1...200, default: 50), .offset,
            .init(name: "order", schema: .values(["asc", "desc"]), defaultValue: RawJSON("\"desc\"")),
            .init(name: "before", schema: optional(.uuid), description: "Only messages before this one."),
            .init(name: "after", schema: optional(.uuid), description: "Only messages after this one."),
        ],
        responses: [.init(description: "A page of messages.", schema: V1Schema.messages)],
        errors: [403, 404]
    )

    static let siblings = RouteDocumentation(
        summary: "List the versions of a message",
        description: "The messages with the same parent: made by editing and by regenerating.",
        path: [conversation, message],
        query: [
            .limit(1...200, default: nil),
            .init(name: "after", schema: optional(.uuid), description: "Only versions after this one."),
        ],
        responses: [
            .init(
                description: "The versions, oldest first.",
                schema: .object([
                    .required("conversation_id", .uuid), .required("messages", .array(V1Schema.message)),
                    .required("total", .count), .required("next", .nullable(.string)),
                ])
            )
        ],
        errors: [403, 404]
    )

    static let select = RouteDocumentation(
        summary: "Select the branch of a message",
        path: [conversation, message],
        query: [.limit(1...200, default: 50)],
        responses: [.init(description: "The newest messages of the branch.", schema: V1Schema.messages)],
        errors: [403, 404, 409]
    )

    static let run = RouteDocumentation(
        summary: "Show a run",
        path: [conversation, runID],
        responses: [
            .init(description: "The run.", schema: V1Schema.run),
            .events("The run's events, if `Accept` asks for a stream.", V1Schema.runEvents),
        ],
        errors: [403, 404]
    )

    static let runEvents = RouteDocumentation(
        summary: "Follow a run",
        description:
            "Streams the events after the client's latest one until the run ends, or returns the run if `Accept` "
            + "is `application/json`.",
        path: [conversation, runID],
        query: [
            .init(
                name: "after",
                schema: .integer(QueryParameters.offsets),
                description: "The number of the client's latest event.",
                defaultValue: RawJSON("0")
            )
        ],
        headers: [
            .init(
                name: "Last-Event-ID",
                schema: .string(.init(pattern: "^[0-9]{1,9}$")),
                description: "The `id` of the client's latest event; the larger one of it and `after` counts."
            )
        ],
        responses: run.responses,
        errors: [403, 404]
    )

    static let cancelRun = RouteDocumentation(
        summary: "Stop a run",
        description: "Stores the text so far with the status `stopped`. Does nothing to a run that has ended.",
        path: [conversation, runID],
        responses: [.init(description: "The run.", schema: V1Schema.run)],
        errors: [403, 404]
    )

    static let conversation = RouteDocumentation.Parameter.identifier("id", "The conversation.")
    static let message = RouteDocumentation.Parameter.identifier("message", "The message.")
    private static let runID = RouteDocumentation.Parameter.identifier("run", "The run.")

    /// An empty value counts as an absent one.
    static func optional(_ schema: Schema) -> Schema {
        .anyOf([schema, .values([""])])
    }
}
