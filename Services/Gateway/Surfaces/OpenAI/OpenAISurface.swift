import NIOHTTP1

extension Surface {
    /// The interface of OpenAI's API.
    static func openAI(_ services: GatewayServices) -> Surface {
        let chat = ChatCompletionsController(
            inference: services.inference,
            meter: services.meter,
            storedCompletions: StoredCompletionWriter(conversations: services.conversations)
        )
        let embeddings = EmbeddingsController(inference: services.inference, meter: services.meter)
        let models = ModelListController(inference: services.inference)
        // Images travel within messages.
        let bodyLimit = 33_554_432
        return Surface(
            name: "openai",
            description: "The interface of OpenAI's API, for its SDKs and everything that uses them.",
            errors: ErrorFormat(
                schema: .openAIError,
                response: OpenAIResponse.error,
                rateLimited: OpenAIResponse.rateLimited,
                writeRateLimit: { $0.writeOpenAI(to: &$1) }
            ),
            // Clients whose base URL lacks the /v1 get an error that they understand.
            prefixes: ["/v1", "/chat/completions", "/completions", "/embeddings", "/models", "/responses"],
            unknownPath: UnknownOpenAIPath.message,
            defaults: Surface.Defaults(
                access: .localInOpenMode,
                bodyLimit: bodyLimit,
                ignoresPlaceholderTokens: true
            ),
            routes: [
                Route(.POST, "/v1/chat/completions", chat.complete)
                    .documented(OpenAIDocumentation.completion),
                Route(.POST, "/v1/embeddings", embeddings.embed)
                    .documented(OpenAIDocumentation.embeddings),
                Route(.GET, "/v1/models", models.list)
                    .documented(OpenAIDocumentation.models),
                Route(.GET, "/v1/models/{model...}", models.find)
                    .documented(OpenAIDocumentation.model),
            ]
        )
    }
}
