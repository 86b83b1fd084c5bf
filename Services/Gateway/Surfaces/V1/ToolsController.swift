import Bus
import Contracts
import HTTP
import JSON

/// `GET /api/v1/tools`: the tools that models can call.
struct ToolsController: Sendable {
    let conversations: any Bus

    /// Returns all tools, and which of them this installation has.
    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let tools = try await conversations.call(Tools.List(), context.call)
        var json = JSONWriter()
        json.object { json in
            json.objects("tools", tools) { json, tool in
                json.field("name", tool.name)
                json.array("aliases", tool.aliases) { $0.text($1) }
                json.field("description", tool.description)
                json.raw("parameters", tool.parameters.text)
                json.field("available", tool.isAvailable)
            }
            json.field("total", tools.count)
        }
        return V1Response.json(json)
    }
}

/// The documentation of tools.
extension V1Documentation {
    static let tools = RouteDocumentation(
        summary: "List the tools",
        description: """
            The tools that models can call. A persona or a request names the tools that it allows. A tool of a persona \
            that is not available is ignored; a request that names one is invalid.
            """,
        responses: [
            .init(
                description: "All tools, available ones first.",
                schema: .object([
                    .required("tools", .array(tool)), .required("total", .count),
                ])
            )
        ]
    )

    private static let tool = Schema.object(
        name: "Tool",
        [
            .required("name", .string), .required("aliases", .array(.string), "Other names of the tool."),
            .required("description", .string),
            .required("parameters", .map(.any), "The JSON schema of the parameters."),
            .required("available", .boolean, "Whether this installation has the tool."),
        ]
    )
}
