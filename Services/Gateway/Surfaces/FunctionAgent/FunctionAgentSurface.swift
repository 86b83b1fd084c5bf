import NIOHTTP1

extension Surface {
    /// The interface of seed 002: prompts to an agent that uses tools.
    static func functionAgent(_ services: GatewayServices) -> Surface {
        let agent = FunctionAgentController(conversations: services.conversations)
        return Surface(
            name: "function-agent",
            description: "Prompts to an agent that uses tools and remembers (seed 002).",
            errors: FastAPIResponse.errors,
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: [
                Route(.POST, "/prompt", agent.prompt).documented(FunctionAgentDocumentation.prompt),
                Route(.GET, "/conversation/{conversation_id}", agent.conversation)
                    .documented(FunctionAgentDocumentation.conversation),
            ]
        )
    }
}
