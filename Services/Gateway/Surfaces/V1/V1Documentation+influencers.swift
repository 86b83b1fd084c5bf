import Contracts

/// The documentation of the routes that change influencers, and of read marks.
extension V1Documentation {
    static let createInfluencer = RouteDocumentation(
        summary: "Create an influencer",
        description: "It is listed at once, unless `is_active` says otherwise.",
        headers: [.idempotencyKey],
        body: .init(schema: InfluencerSchema.body(isNew: true), example: InfluencerSchema.example),
        responses: [.init(status: 201, description: "The influencer.", schema: inspectedInfluencer)],
        errors: [409, 422]
    )

    static let changeInfluencer = RouteDocumentation(
        summary: "Change an influencer",
        description:
            "Changes the members that are present and not `null`. The next turn of every conversation uses the new "
            + "instructions, traits and tools.",
        path: [influencerID],
        body: .init(schema: InfluencerSchema.body(isNew: false), example: RawJSON(#"{"is_active":"coming_soon"}"#)),
        responses: [.init(description: "The influencer.", schema: inspectedInfluencer)],
        errors: [404, 409]
    )

    static let deleteInfluencer = RouteDocumentation(
        summary: "Discontinue an influencer",
        description:
            "It is no longer listed and no longer answers; its conversations can still be read. "
            + #"`{"is_active":"active"}` undoes it."#,
        path: [influencerID],
        responses: [
            .init(
                description: "The influencer is discontinued.",
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
        path: [conversation],
        responses: [
            .init(
                description: "The conversation has no unread messages.",
                schema: .object([
                    .required("id", .uuid), .required("unread_count", .integer(0...0)),
                    .required("last_read_at", .dateTime),
                ])
            )
        ],
        errors: [403, 404]
    )

    /// An influencer as an admin sees it.
    static let inspectedInfluencer = Schema.object(
        name: "InspectedInfluencer",
        V1Schema.publicInfluencer + [
            .required("status", .values(InfluencerSchema.statuses)), .required("system_instructions", .string),
            .required("personality_traits", InfluencerSchema.traits), .required("tools", .array(.string)),
        ]
    )

    private static let influencerID = RouteDocumentation.Parameter.identifier("id", "The influencer.")
}

/// The wire types of the requests that change influencers.
private enum InfluencerSchema {
    static let statuses = Persona.Status.allCases.map(\.rawValue)
    static let traits = Schema.map(.anyOf([.string, .number, .boolean, .array(.string)]))
    static let example = RawJSON(
        """
        {"name":"tea-taster","display_name":"Tea Taster","description":"Knows every leaf.","category":"cooking",\
        "system_instructions":"You are a tea taster. Describe a tea in two sentences.",\
        "personality_traits":{"energy_level":"calm","expertise":["green tea","oolong"]},\
        "initial_greeting":"Which tea shall we taste?","suggested_messages":["Which tea for the morning?"],\
        "is_active":"active","tools":["recall_memory"]}
        """
    )

    /// The body of a request; a new influencer needs a name and instructions.
    static func body(isNew: Bool) -> Schema {
        func needed(_ name: String, _ schema: Schema, _ description: String) -> Schema.Property {
            isNew ? .required(name, schema, description) : .optional(name, .nullable(schema), description)
        }
        return .object([
            needed("name", .string(.init(pattern: "^[a-z0-9]+([_-][a-z0-9]+)*$", length: 1...100)), "Unique."),
            needed("system_instructions", nonBlank(32_768), "Only admins see them; at most 32 KiB."),
            .optional("display_name", .nullable(.string(.init(pattern: nonBlankLine, length: 1...200)))),
            .optional("avatar_url", .nullable(.string(.init(pattern: address, length: 0...8192)))),
            .optional("description", .nullable(.string(.init(length: 0...2000)))),
            .optional("category", .nullable(.string(.text(0...100)))),
            .optional("personality_traits", .nullable(traits), "Shape the manner of the answers."),
            .optional("initial_greeting", .nullable(.string(.init(length: 0...4000)))),
            .optional("suggested_messages", .nullable(.array(nonBlank(500), count: 0...10))),
            .optional("is_active", .nullable(.anyOf([.values(statuses), .boolean]))),
            .optional("tools", .nullable(.array(.string(.init(pattern: tool)), count: 0...32)), "Names of tools."),
        ])
    }

    private static let nonBlankLine =
        #"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"#
    private static let address = #"^((https?://|data:image/|/)[^\u0000-\u001F\u007F-\u009F]*)?$"#
    private static let tool = "^[A-Za-z][A-Za-z0-9_-]{0,63}$"

    private static func nonBlank(_ length: Int) -> Schema {
        .string(.init(pattern: #"\S"#, length: 1...length))
    }
}
