import Contracts

/// The documentation of models and their downloads.
extension V1Documentation {
    static let models = RouteDocumentation(
        summary: "List the models and their providers",
        responses: [
            .init(
                description: "The models of all providers that respond.",
                schema: .object([
                    .required("models", .array(.object(name: "Model", model))),
                    .required(
                        "providers",
                        .array(
                            .object([
                                .required("name", .string), .required("status", .values(["up", "down"])),
                                .optional("address", .nullable(.string), "For admins."),
                                .required("error", .nullable(.string)),
                                .optional("remarks", .array(.string), "For admins: what could not be taken."),
                            ])
                        )
                    ),
                ])
            )
        ]
    )

    static let showModel = RouteDocumentation(
        summary: "Show a model",
        path: [modelName],
        responses: [
            .init(
                description: "The model with its provider's details.",
                schema: .object(
                    name: "ModelDescription",
                    model + [
                        .required(
                            "details",
                            .object([
                                .required("full_window", .nullable(.count)), .required("format", .nullable(.string)),
                                .required("family", .nullable(.string)), .required("size", .nullable(.string)),
                                .required("quantization", .nullable(.string)),
                                .required("parameters", .nullable(.string)), .required("template", .nullable(.string)),
                                .required("system", .nullable(.string)),
                            ])
                        )
                    ]
                )
            )
        ],
        errors: [404]
    )

    static let createModel = RouteDocumentation(
        summary: "Create a model from another one",
        description: "With Ollama. Returns at once; the job goes on without the client. For admins.",
        body: .init(
            schema: .object([
                .required("model", .ollamaModelName), .required("from", .ollamaModelName),
                .optional("system", .nullable(.string)), .optional("template", .nullable(.string)),
                .optional(
                    "parameters",
                    .nullable(.map(.anyOf([.number, .string, .boolean, .array(.string)]), names: "^[a-z0-9_]+$")),
                    "Ollama's parameters."
                ),
            ]),
            example: RawJSON(#"{"model":"ollama/chef","from":"llama3.2","system":"You cook."}"#)
        ),
        responses: [started],
        errors: [403, 404, 409]
    )

    static let pullModel = RouteDocumentation(
        summary: "Download a model",
        description:
            "With Ollama. Returns at once, also if the model is already being downloaded; the job goes on without "
            + "the client. For admins.",
        body: .init(
            schema: .object([.required("model", .ollamaModelName)]),
            example: RawJSON(#"{"model":"ollama/llama3.2"}"#)
        ),
        responses: [started],
        errors: [403, 404]
    )

    static let deleteModel = RouteDocumentation(
        summary: "Delete a model of Ollama",
        description: "For admins.",
        path: [ollamaModel],
        responses: [
            .init(
                description: "The model is deleted.",
                schema: .object([
                    .required("success", .boolean), .required("message", .string), .required("deleted_model", .string),
                ])
            )
        ],
        errors: [403, 404]
    )

    static let pulls = RouteDocumentation(
        summary: "List the downloads",
        responses: [
            .init(
                description: "The jobs in progress and those that ended within the last hour, newest first.",
                schema: .object([.required("pulls", .array(job)), .required("total", .count)])
            )
        ]
    )

    static let pullEvents = RouteDocumentation(
        summary: "Follow a download",
        path: [jobID],
        responses: [
            .events(
                "The state of the job, repeatedly, until it ends.",
                [
                    .init(name: "progress", schema: job), .init(name: "done", schema: job),
                    .init(
                        name: "error",
                        schema: .object([
                            .required("code", .string), .required("message", .string), .required("retryable", .boolean),
                            .required("job", .nullable(job), "`null` if only this stream has failed."),
                        ])
                    ),
                ]
            )
        ],
        errors: [404]
    )

    static let cancelPull = RouteDocumentation(
        summary: "Cancel a download",
        description: "What was downloaded is kept. Does nothing to a job that has ended. For admins.",
        path: [jobID],
        responses: [.init(description: "The job.", schema: job)],
        errors: [403, 404]
    )

    private static let jobID = RouteDocumentation.Parameter.identifier("job", "The job.")
    private static let modelName = RouteDocumentation.Parameter(
        name: "model",
        schema: .modelName,
        isRequired: true,
        description: "`provider/model`, or the name of a model. Slashes need no encoding.",
        example: RawJSON("\"demo/demo\"")
    )
    private static let ollamaModel = RouteDocumentation.Parameter(
        name: "model",
        schema: .ollamaModelName,
        isRequired: true,
        description: "The name of a model of Ollama. Slashes need no encoding.",
        example: RawJSON("\"ollama/llama3.2\"")
    )

    private static let model: [Schema.Property] = [
        .required("id", .string, "`provider/model`."), .required("provider", .string),
        .required("window", .count, "The context window, in tokens."),
        .required(
            "abilities",
            .nullable(.array(.values(["chat", "images", "audio", "tools", "reasoning", "embeddings"]))),
            "`null` if the provider does not report them."
        ), .required("note", .nullable(.string)),
        .required(
            "price",
            .nullable(.object([.required("prompt", .number), .required("completion", .number)])),
            "Of a million tokens."
        ),
    ]

    private static let jobMembers: [Schema.Property] = [
        .required("id", .uuid), .required("kind", .values(["pull", "create"])), .required("model", .string),
        .required("state", .values(["running", "completed", "failed", "interrupted", "cancelled"])),
        .required("status", .string, "Ollama's words."), .required("completed_bytes", .count),
        .required("total_bytes", .count),
        .required(
            "layers",
            .array(
                .object([
                    .required("digest", .string), .required("completed_bytes", .count),
                    .required("total_bytes", .count),
                ])
            )
        ),
        .required(
            "error",
            .nullable(.object([.required("code", .string), .required("message", .string)]))
        ), .required("created_at", .dateTime), .required("ended_at", .nullable(.dateTime)),
    ]
    private static let job = Schema.object(name: "ModelJob", jobMembers)
    private static let started = RouteDocumentation.Answer(
        status: 202,
        description: "The job.",
        schema: .object(
            name: "StartedModelJob",
            jobMembers + [.required("joined", .boolean, "Whether the job existed before.")]
        ),
        headers: [.init(name: "Location", schema: .string, description: "Where the job's events are.")]
    )
}
