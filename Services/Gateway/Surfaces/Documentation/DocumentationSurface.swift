import NIOHTTP1

extension Surface {
    /// The description of all surfaces: OpenAPI, and pages that show it.
    static func documentation(_ services: GatewayServices) -> Surface {
        Surface(
            name: "documentation",
            errors: ErrorFormat(response: { V1Response.error($0) }),
            defaults: Surface.Defaults(access: .anyone, slash: .redirect),
            routes: []
        )
    }
}
