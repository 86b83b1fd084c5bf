import Contracts

/// The documentation of the routes that change influencers, and of read marks.
enum InfluencerDocumentation {
    static let create = RouteDocumentation(
        summary: "Create an influencer",
        description: "For admins. The influencer is listed at once, unless `is_active` says otherwise.",
        headers: [idempotencyKey],
        body: RouteDocumentation.Body(schema: body(isNew: true), example: example),
        responses: [.init(status: 201, description: "The new influencer", schema: inspected)],
        errors: [409, 413, 415, 422]
    )

    static let change = RouteDocumentation(
        summary: "Change an influencer",
        description: """
            For admins. Changes the members that are present and not null. The next turn of every conversation uses the \
            new instructions, traits and tools.
            """,
        path: [id],
        body: RouteDocumentation.Body(schema: body(isNew: false), example: RawJSON(#"{"is_active":"coming_soon"}"#)),
        responses: [.init(description: "The changed influencer", schema: inspected)],
        errors: [404, 409, 413, 415]
    )

    static let delete = RouteDocumentation(
        summary: "Discontinue an influencer",
        description: """
            For admins. The influencer is no longer listed and answers no more; its conversations can still be read. \
            Undone by `{"is_active":"active"}`.
            """,
        path: [id],
        responses: [
            .init(
                description: "The influencer is discontinued",
                schema: .object([
                    .required("success", .boolean), .required("message", .string),
                    .required("deleted_influencer_id", .uuid),
                ])
            )
        ],
        errors: [404, 409]
    )

    static let markRead = RouteDocumentation(
        summary: "Mark a conversation as read",
        path: [.init(name: "id", schema: .uuid, isRequired: true, description: "The conversation")],
        responses: [
            .init(
                description: "The conversation is read",
                schema: .object([
                    .required("id", .uuid), .required("unread_count", .integer(0...0)),
                    .required("last_read_at", .dateTime),
                ])
            )
        ],
        errors: [404]
    )

    /// The members of an influencer that everybody sees.
    static let publicMembers: [Schema.Property] = [
        .required("id", .uuid),
        .required("name", .string),
        .required("display_name", .string),
        .required("avatar_url", .string, "A URL or a path; empty if there is none."),
        .required("description", .string),
        .required("category", .string),
        .required("created_at", .dateTime),
        .required("conversation_count", .nullable(.integer(0...Int.max)), "`null` in lists."),
        .required("is_active", .values(["active", "coming_soon", "discontinued"])),
        .required("suggested_messages", .array(.string)),
        .required("initial_greeting", .string, "The first message of a new conversation; empty if there is none."),
    ]

    /// An influencer as an admin sees it.
    static let inspected = Schema.object(
        name: "InspectedInfluencer",
        publicMembers + [
            .required("status", .values(Persona.Status.allCases.map(\.rawValue))),
            .required("system_instructions", .string),
            .required("personality_traits", .map(trait)),
            .required("tools", .array(.string)),
        ]
    )

    private static let id = RouteDocumentation.Parameter(
        name: "id",
        schema: .uuid,
        isRequired: true,
        description: "The influencer"
    )

    private static let idempotencyKey = RouteDocumentation.Parameter(
        name: "Idempotency-Key",
        schema: text(1...255),
        description: "A repeat with the same key returns the influencer of the first request."
    )

    private static let trait = Schema.anyOf([.string, .number, .boolean, .array(.string)])

    private static let example = RawJSON(
        """
        {"name":"tea-taster","display_name":"Tea Taster","description":"Knows every leaf.","category":"cooking",\
        "system_instructions":"You are a tea taster. Describe a tea in two sentences.",\
        "personality_traits":{"energy_level":"calm","expertise":["green tea","oolong"]},\
        "initial_greeting":"Which tea shall we taste?","suggested_messages":["Which tea for the morning?"],\
        "is_active":"active","tools":["recall_memory"]}
        """
    )

    private static func body(isNew: Bool) -> Schema {
        func required(_ name: String, _ schema: Schema) -> Schema.Property {
            isNew ? .required(name, schema) : .optional(name, .nullable(schema))
        }
        return .object([
            required("name", .string(Schema.StringRules(pattern: "^[a-z0-9]+([_-][a-z0-9]+)*$", length: 1...100))),
            .optional("display_name", .nullable(text(1...200)), "By default the name."),
            .optional("avatar_url", .nullable(text(0...8192))),
            .optional("description", .nullable(text(0...2000))),
            .optional("category", .nullable(text(0...100))),
            required("system_instructions", text(1...32_768)),
            .optional("personality_traits", .nullable(.map(trait)), "Shape the manner of the answers."),
            .optional("initial_greeting", .nullable(text(0...4000))),
            .optional("suggested_messages", .nullable(.array(text(1...500), count: 0...10))),
            .optional("is_active", .nullable(.values(Persona.Status.allCases.map(\.rawValue)))),
            .optional("tools", .nullable(.array(text(1...64), count: 0...32)), "Names of the tools that it may call."),
        ])
    }

    private static func text(_ length: ClosedRange<Int>) -> Schema {
        .string(Schema.StringRules(length: length))
    }
}
