import NIOCore
import NIOHTTP1

extension Surface {
    /// The description of all surfaces, its own included: OpenAPI, and pages that show it.
    static func documentation(of surfaces: [Surface], _ mode: AuthenticationMode) -> Surface {
        let openAPI = OpenAPIController(surfaces, mode)
        let pages = DocumentationPages()
        return Surface(
            name: "documentation",
            description: "This document, and pages that show it. The pages load nothing from another server.",
            errors: ErrorFormat(
                schema: .v1Error,
                response: { V1Response.error($0) },
                rateLimited: V1Response.rateLimited
            ),
            defaults: Surface.Defaults(access: .anyone, slash: .redirect),
            routes: [
                Route(.GET, "/openapi.json", openAPI.document).documented(PageDocumentation.openAPI),
                Route(.GET, "/docs", pages.reference).documented(PageDocumentation.reference),
                Route(.GET, "/docs/{file}", pages.file).documented(PageDocumentation.file),
                Route(.GET, "/redoc", pages.reading).documented(PageDocumentation.reading),
            ]
        )
    }
}
