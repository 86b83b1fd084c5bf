import Contracts

/// The documentation of seed 000's routes.
enum APIGatewayDocumentation {
    static let health = RouteDocumentation(
        summary: "Whether the gateway is running",
        responses: [
            RouteDocumentation.Answer(
                description: "A JSON string.",
                schema: .values(["Apigateway is running"]),
                example: RawJSON(#""Apigateway is running""#)
            )
        ]
    )

    static let page = RouteDocumentation(
        summary: "Redirect browsers to the documentation",
        responses: [
            RouteDocumentation.Answer(status: 307, description: "For a browser: the documentation.", type: nil)
        ]
    )

    static let prompt = RouteDocumentation(
        summary: "Continue the conversation of a user",
        description: """
            Each user has one conversation; the model gets all of it as a transcript. Without `username`, the conversation \
            is the caller's own. Only admins, and callers without a credential, may name another user.
            """,
        headers: [.idempotencyKey],
        body: RouteDocumentation.Body(
            schema: .object([
                .required("model", .modelName), .required("text", .storableText),
                .optional("username", .nullable(.userName)),
            ]),
            example: RawJSON(#"{"model":"gemma2:2b","text":"What is the meaning of life?","username":"user123"}"#)
        ),
        responses: [
            RouteDocumentation.Answer(
                description: "The answer, with the model as it was requested.",
                schema: .object([.required("model", .string), .required("text", .string)])
            )
        ],
        errors: [403, 404]
    )

    static let pull = models(
        "Download a model of Ollama",
        [.required("model_name", .ollamaModelName)],
        example: #"{"model_name":"llama3.1"}"#,
        status: "Model pulled successfully"
    )

    static let delete = models(
        "Delete a model of Ollama",
        [.required("model", .ollamaModelName)],
        example: #"{"model":"llama3.1"}"#,
        status: "Model deleted successfully"
    )

    static let create = models(
        "Create a model of Ollama with a system prompt",
        [
            .required("name", .ollamaModelName), .required("basemodel", .ollamaModelName),
            .required("personality", .storableText),
        ],
        example: #"{"name":"custom-chat","basemodel":"gemma2:2b","personality":"Friendly and engaging"}"#,
        status: "Model created successfully"
    )

    static let transcribe = speech("Transcribe audio over a WebSocket")
    static let send = speech("End the speech of a user and answer it")
    static let audio = RouteDocumentation(
        summary: "Get the spoken answer of a user",
        description: unavailable,
        path: [RouteDocumentation.Parameter(name: "username", schema: .pathText, isRequired: true)],
        responses: [missing]
    )

    private static let unavailable = "This version answers that speech is not available."

    private static func models(
        _ summary: String,
        _ members: [Schema.Property],
        example: String,
        status: String
    ) -> RouteDocumentation {
        RouteDocumentation(
            summary: summary,
            description: "For admins; in open mode, for every client on the gateway's machine.",
            body: RouteDocumentation.Body(schema: .object(members), example: RawJSON(example)),
            responses: [
                RouteDocumentation.Answer(
                    description: "The model was changed.",
                    schema: .object([.required("status", .values([status]))])
                )
            ],
            errors: [403, 404, 409]
        )
    }

    private static func speech(_ summary: String) -> RouteDocumentation {
        RouteDocumentation(summary: summary, description: unavailable, responses: [missing])
    }

    private static let missing = RouteDocumentation.Answer(
        status: 501,
        description: "The function is not available on this server.",
        schema: .apiGatewayError
    )
}

extension Schema {
    /// `{"error":"…","details":"…"}`.
    static let apiGatewayError = Schema.object(
        name: "APIGatewayError",
        [.required("error", .string), .required("details", .string)]
    )

    /// Text that can be stored: any but the character U+0000.
    static let storableText = Schema.string(StringRules(pattern: #"^[^\u0000]*$"#))
}
