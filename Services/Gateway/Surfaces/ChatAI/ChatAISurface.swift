import NIOHTTP1

extension Surface {
    /// The interface of seed 001: conversations whose answers are JSON or raw text.
    static func chatAI(_ services: GatewayServices) -> Surface {
        let conversations = ChatAIConversationsController(conversations: services.conversations)
        let completions = ChatAICompletionController(conversations: services.conversations)
        return Surface(
            name: "chat-ai",
            description: "Conversations whose answers are JSON, or plain text as it is generated.",
            errors: FastAPIResponse.errors,
            prefixes: ["/conversation"],
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: [
                Route(.POST, "/conversation", conversations.create).documented(ChatAIDocumentation.create),
                Route(.GET, "/conversation", conversations.list).documented(ChatAIDocumentation.list),
                Route(.POST, "/conversation/completion/{id}", completions.complete)
                    .documented(ChatAIDocumentation.complete),
            ]
        )
    }
}
