import Contracts

/// The documentation of the routes that document the others.
enum PageDocumentation {
    static let openAPI = RouteDocumentation(
        summary: "Describe every operation of this server",
        headers: [.ifNoneMatch],
        responses: [
            .init(
                description: "The OpenAPI 3.1 document.",
                schema: .object([
                    .required("openapi", .string), .required("info", .map(.any)),
                    .required("servers", .array(.map(.any))),
                    .required("tags", .array(.map(.any))), .required("paths", .map(.map(.any))),
                    .required("components", .map(.map(.any))),
                ]),
                headers: [.entityTag]
            ),
            .notModified,
        ]
    )

    static let reference = page("Show this document as a page, with a form for each operation")
    static let reading = page("Show this document as a page for reading")

    static let file = RouteDocumentation(
        summary: "Load the script or the style of the pages",
        path: [
            .init(
                name: "file",
                schema: .values(["page.js", "page.css"]),
                isRequired: true,
                description: "The file.",
                example: RawJSON("\"page.js\"")
            )
        ],
        headers: [.ifNoneMatch],
        responses: [
            .init(
                description: "The script.",
                type: "text/javascript; charset=utf-8",
                schema: .string,
                headers: [.entityTag]
            ),
            .init(description: "The style.", type: "text/css; charset=utf-8", schema: .string, headers: [.entityTag]),
            .notModified,
        ],
        errors: [404]
    )

    private static func page(_ summary: String) -> RouteDocumentation {
        RouteDocumentation(
            summary: summary,
            headers: [.ifNoneMatch],
            responses: [
                .init(
                    description: "The page.",
                    type: "text/html; charset=utf-8",
                    schema: .string,
                    headers: [.entityTag]
                ), .notModified,
            ]
        )
    }
}

extension RouteDocumentation.Answer {
    static let notModified = RouteDocumentation.Answer(
        status: 304,
        description: "The client has the current version.",
        type: nil,
        headers: [.entityTag]
    )
}
