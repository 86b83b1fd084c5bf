import NIOHTTP1

extension Surface {
    /// The interface of seed 000: prompts with a memory for each user name, and Ollama's models.
    static func apiGateway(_ services: GatewayServices) -> Surface {
        Surface(
            name: "api-gateway",
            errors: ErrorFormat(response: { V1Response.error($0) }),
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: []
        )
    }
}
