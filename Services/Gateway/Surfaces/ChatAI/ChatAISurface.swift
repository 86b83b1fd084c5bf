import NIOHTTP1

extension Surface {
    /// The interface of seed 001: conversations whose answers are JSON or raw text.
    static func chatAI(_ services: GatewayServices) -> Surface {
        Surface(
            name: "chat-ai",
            errors: FastAPIResponse.errors,
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: []
        )
    }
}
