import NIOHTTP1

extension Surface {
    /// The interface of seed 004: sessions of a user name, with answers as Server-Sent Events.
    static func sessionChat(_ services: GatewayServices) -> Surface {
        Surface(
            name: "session-chat",
            errors: FastAPIResponse.errors,
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: []
        )
    }
}
