import NIOHTTP1

extension Surface {
    /// The interface of seed 002: prompts to an agent that uses tools.
    static func functionAgent(_ services: GatewayServices) -> Surface {
        Surface(
            name: "function-agent",
            errors: FastAPIResponse.errors,
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: []
        )
    }
}
