import Contracts

/// The documentation of API keys, usage and quotas.
extension V1Documentation {
    static let createKey = RouteDocumentation(
        summary: "Create an API key",
        description: "Only this response, and those to repeats of the request, contain the key.",
        query: [user],
        headers: [.idempotencyKey],
        body: .init(
            schema: .object([.required("name", keyName)] + keyMembers),
            example: RawJSON(#"{"name":"laptop","requests_per_minute":60}"#)
        ),
        responses: [
            .init(
                status: 201,
                description: "The key.",
                schema: .object(name: "NewAPIKey", key.prefix(1) + [.required("key", .string)] + key.dropFirst())
            )
        ],
        errors: [403, 404, 409, 422]
    )

    static let keys = RouteDocumentation(
        summary: "List API keys",
        query: [user, all, .limit(1...200, default: 50), .offset],
        responses: [
            .init(
                description: "A page of keys, without their secrets.",
                schema: .object([
                    .required("keys", .array(apiKey)), .required("total", .count), .required("limit", .count),
                    .required("offset", .count),
                ])
            )
        ],
        errors: [403]
    )

    static let changeKey = RouteDocumentation(
        summary: "Change an API key",
        description: "Changes the members that are present; the limits are changed all together.",
        path: [keyID],
        body: .init(
            schema: .object([.optional("name", .nullable(keyName))] + keyMembers),
            example: RawJSON(#"{"name":"phone"}"#)
        ),
        responses: [.init(description: "The key.", schema: apiKey)],
        errors: [403, 404]
    )

    static let revokeKey = RouteDocumentation(
        summary: "Revoke an API key",
        path: [keyID],
        responses: [
            .init(
                description: "The key is revoked.",
                schema: .object([.required("success", .boolean), .required("revoked_key_id", .uuid)])
            )
        ],
        errors: [403, 404]
    )

    static let usage = RouteDocumentation(
        summary: "Report usage",
        query: [
            .init(
                name: "from",
                schema: optional(day),
                description: "The first day, UTC (default: 29 days before `to`)."
            ),
            .init(name: "to", schema: optional(day), description: "The last day, UTC (default: today)."),
            .init(
                name: "group_by",
                schema: .string(.init(pattern: "^(|(day|model|key|user)(,(day|model|key|user))*)$")),
                description: "Any of day, model, key and user, with commas between them.",
                defaultValue: RawJSON("\"day,model\"")
            ), user, all,
        ],
        responses: [
            .init(
                description: "The usage of each group, and the total.",
                schema: .object([
                    .required("from", day), .required("to", day),
                    .required("group_by", .array(.values(["day", "model", "key", "user"]))),
                    .required(
                        "usage",
                        .array(
                            .object(
                                [
                                    .optional("day", .nullable(day)), .optional("model", .nullable(.string)),
                                    .optional("key_id", .nullable(.uuid)), .optional("key_name", .nullable(.string)),
                                    .optional("user_id", .nullable(.string)),
                                ] + total
                            )
                        )
                    ), .required("total", .object(total)),
                ])
            )
        ],
        errors: [403]
    )

    static let quota = RouteDocumentation(
        summary: "Show a quota and what is used of it",
        path: [principal],
        responses: [.init(description: "The quota.", schema: quotaStatus)],
        errors: [403, 404]
    )

    static let setQuota = RouteDocumentation(
        summary: "Set a quota",
        description: "Replaces the quota; without any limit it is removed. For admins.",
        path: [principal],
        body: .init(
            schema: .object([
                .optional("period", .nullable(.values(["day", "month"])), "Default: day."),
                .optional("requests", quotaLimit), .optional("tokens", quotaLimit),
                .optional("cost", .nullable(.decimal(0...1_000_000)), "In the currency of the prices."),
                .optional("concurrent_runs", quotaLimit),
            ]),
            example: RawJSON(#"{"period":"month","tokens":1000000}"#)
        ),
        responses: [.init(description: "The quota.", schema: quotaStatus)],
        errors: [403, 404]
    )

    private static let keyID = RouteDocumentation.Parameter.identifier("id", "The API key.")
    private static let principal = RouteDocumentation.Parameter(
        name: "principal",
        schema: .pathText,
        isRequired: true,
        description: "A user, `user:` and a user for an ambiguous name, or `key:` and the id of an API key.",
        example: RawJSON("\"alice\"")
    )
    private static let user = RouteDocumentation.Parameter(
        name: "user",
        schema: .string(.text(0...255)),
        description: "Another user; for admins (default: the caller)."
    )
    private static let all = RouteDocumentation.Parameter(
        name: "all",
        schema: .values(["true", "false", "1", "0", ""]),
        description: "Whether to include all users; for admins.",
        defaultValue: RawJSON("\"false\"")
    )
    private static let day = Schema.string(
        .init(format: "date", pattern: "^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$")
    )
    private static let keyName = Schema.string(
        .init(
            pattern: #"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"#,
            length: 1...100
        )
    )
    private static let keyLimit = Schema.nullable(.integer(1...10_000_000))
    private static let quotaLimit = Schema.nullable(.integer(0...1_000_000_000_000))

    private static let keyMembers: [Schema.Property] = [
        .optional("role", .nullable(.values(["user", "admin"]))),
        .optional("expires_in", .nullable(.integer(1...3_155_760_000)), "Lifetime from now, in seconds."),
        .optional("requests_per_minute", keyLimit), .optional("requests_per_hour", keyLimit),
        .optional("concurrent_runs", keyLimit),
    ]

    private static let key: [Schema.Property] = [
        .required("id", .uuid), .required("name", .string), .required("user_id", .string),
        .required("role", .values(["user", "admin"])), .required("requests_per_minute", .nullable(.count)),
        .required("requests_per_hour", .nullable(.count)), .required("concurrent_runs", .nullable(.count)),
        .required("created_at", .dateTime), .required("expires_at", .nullable(.dateTime)),
        .required("last_used_at", .nullable(.dateTime)),
    ]
    private static let apiKey = Schema.object(name: "APIKey", key)

    private static let total: [Schema.Property] = [
        .required("requests", .count), .required("prompt_tokens", .count), .required("completion_tokens", .count),
        .required("total_tokens", .count), .required("estimated_tokens", .count), .required("cost", .nullable(.number)),
        .required("unpriced_requests", .count),
    ]

    private static let part = Schema.object([
        .required("limit", .nullable(.count)), .required("used", .count), .required("reserved", .count),
    ])
    private static let quotaStatus = Schema.object(
        name: "QuotaStatus",
        [
            .required("principal", .string), .required("period", .nullable(.values(["day", "month"]))),
            .required("requests", part), .required("tokens", part),
            .required(
                "cost",
                .object([
                    .required("limit", .nullable(.number)), .required("used", .number), .required("reserved", .number),
                    .required("unpriced_requests", .count),
                ])
            ),
            .required(
                "concurrent_runs",
                .object([.required("limit", .nullable(.count)), .required("used", .count)])
            ), .required("resets_at", .dateTime),
        ]
    )
}
