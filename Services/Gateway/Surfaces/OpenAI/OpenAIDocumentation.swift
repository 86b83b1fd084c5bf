import Contracts

/// The documentation of the interface of OpenAI's API.
enum OpenAIDocumentation {
    static let completion = RouteDocumentation(
        summary: "Generate an answer",
        description: "Stateless, unless `store` asks for a conversation. Unknown members are passed on to servers that "
            + "accept them.",
        body: .init(
            schema: OpenAISchema.completionRequest,
            example: RawJSON(#"{"model":"demo","messages":[{"role":"user","content":"Hello"}]}"#)
        ),
        responses: [
            .init(description: "The answer.", schema: OpenAISchema.completion, headers: [stored, ignored]),
            .events(
                "With `stream`: chunks of the answer, then `[DONE]`. After an error no `[DONE]` follows.",
                [
                    .init(name: "message", schema: OpenAISchema.chunk, description: "More of the answer."),
                    .init(name: "message", schema: .values(["[DONE]"]), description: "The end."),
                    .init(name: "message", schema: .openAIError, description: "The generation failed."),
                ],
                headers: [stored, ignored]
            ),
        ],
        errors: [403, 404, 502]
    )

    private static let tokenNumber = Schema.integer(0...Int(Int32.max))

    static let embeddings = RouteDocumentation(
        summary: "Create embeddings",
        body: .init(
            schema: .object([
                .required("model", .modelName),
                .required(
                    "input",
                    .anyOf([
                        .string(.init(length: 1...Int.max)),
                        .array(.string(.init(length: 1...Int.max)), count: 1...2048),
                        .array(tokenNumber, count: 1...Int.max),
                        .array(.array(tokenNumber, count: 1...Int.max), count: 1...2048),
                    ]),
                    "Texts, or numbers of tokens in the vocabulary `cl100k_base`."
                ),
                .optional("encoding_format", .omittable(.values(["float", "base64"])), "Default: float."),
                .optional("dimensions", .omittable(.integer(1...65_536))),
            ]),
            example: RawJSON(#"{"model":"demo/hash-embedding","input":"Hello"}"#)
        ),
        responses: [
            .init(
                description: "A vector for each text.",
                schema: .object(
                    name: "OpenAIEmbeddings",
                    [
                        .required("object", .values(["list"])),
                        .required(
                            "data",
                            .array(
                                .object([
                                    .required("object", .values(["embedding"])), .required("index", .count),
                                    .required(
                                        "embedding",
                                        .anyOf([.array(.number), .string]),
                                        "Numbers, or base64 of little-endian 32-bit numbers."
                                    ),
                                ])
                            )
                        ), .required("model", .string),
                        .required(
                            "usage",
                            .object([.required("prompt_tokens", .count), .required("total_tokens", .count)])
                        ),
                    ]
                )
            )
        ],
        errors: [403, 404, 502]
    )

    static let models = RouteDocumentation(
        summary: "List the models",
        responses: [
            .init(
                description: "The models of all providers that respond.",
                schema: .object([.required("object", .values(["list"])), .required("data", .array(OpenAISchema.model))])
            )
        ]
    )

    static let model = RouteDocumentation(
        summary: "Find a model",
        path: [
            .init(
                name: "model",
                schema: .modelName,
                isRequired: true,
                description: "`provider/model`, or the name of a model. Slashes need no encoding.",
                example: RawJSON("\"demo/demo\"")
            )
        ],
        responses: [.init(description: "The model.", schema: OpenAISchema.model)],
        errors: [404, 502]
    )

    private static let ignored = RouteDocumentation.Parameter(
        name: "X-Parley-Ignored-Options",
        schema: .string,
        description: "The names of options that did not reach the model, with commas between them."
    )

    private static let stored = RouteDocumentation.Parameter(
        name: "X-Parley-Conversation",
        schema: .uuid,
        description: "The conversation in which the answer is stored."
    )
}
