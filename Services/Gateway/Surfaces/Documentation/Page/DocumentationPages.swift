import Contracts
import HTTP
import NIOHTTP1

/// `/docs` and `/redoc`: pages that show the OpenAPI document.
///
/// Their script, style and text are part of the executable: a browser loads nothing from another server, and the content
/// security policy does not allow it.
struct DocumentationPages: Sendable {
    private static let policy: HTTPHeaders = [
        "content-security-policy":
            """
        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """,
        "referrer-policy": "no-referrer",
    ]

    private static let referencePage = CachedFile(html(view: "reference"), type: "text/html; charset=utf-8")
    private static let readingPage = CachedFile(html(view: "reading"), type: "text/html; charset=utf-8")
    private static let files = [
        "page.js": CachedFile(schemaScript + operationScript + requestScript, type: "text/javascript; charset=utf-8"),
        "page.css": CachedFile(style, type: "text/css; charset=utf-8"),
    ]

    /// `/docs`: every operation with a form that tries it.
    func reference(_ request: Request, _ context: GatewayContext) async throws -> Response {
        Self.referencePage.response(to: request, headers: Self.policy)
    }

    /// `/redoc`: the same page for reading, with everything open.
    func reading(_ request: Request, _ context: GatewayContext) async throws -> Response {
        Self.readingPage.response(to: request, headers: Self.policy)
    }

    /// `/docs/{file}`: what the pages load.
    func file(_ request: Request, _ context: GatewayContext) async throws -> Response {
        guard let file = context.parameters.get("file").flatMap({ Self.files[$0] }) else {
            throw Fault(.unknownPath, "There is no such path.")
        }
        return file.response(to: request)
    }

    private static func html(view: String) -> String {
        let isReading = view == "reading"
        let credential = """
            <label>Token or API key <input id="credential" type="password" autocomplete="off" spellcheck="false"></label>

            """
        return """
            <!doctype html>
            <html lang="en" data-view="\(view)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Parley</title>
            <link rel="icon" href="data:,">
            <link rel="stylesheet" href="/docs/page.css">
            <script defer src="/docs/page.js"></script>
            </head>
            <body>
            <nav aria-label="Operations">
            <p><a href="/docs">Reference</a> · <a href="/redoc">Reading form</a> · <a href="/openapi.json">openapi.json</a></p>
            <label>Search <input id="search" type="search"></label>
            \(isReading ? "" : credential)<ul></ul>
            </nav>
            <main><noscript>This page needs JavaScript. The document that it shows is <a href="/openapi.json">openapi.json</a>.</noscript></main>
            </body>
            </html>

            """
    }
}
