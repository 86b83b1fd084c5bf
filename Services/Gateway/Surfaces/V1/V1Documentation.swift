import Contracts

/// The documentation of v1's routes without a user: health, influencers and tokens.
enum V1Documentation {
    static let status = RouteDocumentation(
        summary: "Count conversations and messages",
        responses: [
            .init(
                description: "The counts, or `null` for each while the database is down.",
                schema: .object([
                    .required("service", .string), .required("version", .string),
                    .required("environment", .values(["production", "development"]), "By the authentication mode."),
                    .required("uptime_seconds", .count),
                    .required(
                        "database",
                        .object([
                            .required("connected", .boolean), .required("pool_size", .null),
                            .required("active_connections", .null),
                        ])
                    ),
                    .required(
                        "statistics",
                        .object([
                            .required("total_conversations", .nullable(.count)),
                            .required("total_messages", .nullable(.count)),
                            .required("active_influencers", .nullable(.count)),
                        ])
                    ),
                    .required("timestamp", .dateTime),
                ])
            )
        ]
    )

    static let influencers = RouteDocumentation(
        summary: "List the influencers",
        description: "An influencer is a persona: a character that a model plays.",
        query: [.limit(1...100, default: 50), .offset],
        responses: [
            .init(
                description: "A page of influencers.",
                schema: .object([
                    .required("influencers", .array(influencer)), .required("total", .count),
                    .required("limit", .count),
                    .required("offset", .count),
                ])
            )
        ]
    )

    static let influencerByID = RouteDocumentation(
        summary: "Find an influencer",
        path: [.identifier("id", "The influencer.")],
        responses: [
            .init(
                description: "The influencer; an admin sees its instructions, too.",
                schema: .anyOf([influencer, inspectedInfluencer])
            )
        ],
        errors: [404]
    )

    static let token = RouteDocumentation(
        summary: "Issue a token for a user",
        description: "Only in the authentication mode `open`, and only to requests sent directly from this machine.",
        body: .init(
            schema: .object([.required("user_id", .userName)]),
            example: RawJSON(#"{"user_id":"alice"}"#)
        ),
        responses: [
            .init(
                description: "A token of the role `user`.",
                schema: .object([
                    .required("access_token", .string), .required("token_type", .values(["bearer"])),
                    .required("expires_in", .count, "Lifetime, in seconds."),
                ])
            )
        ],
        errors: [403]
    )

    private static let influencer = Schema.object(name: "Influencer", V1Schema.publicInfluencer)
}
