import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// `GET /api/v1/tools`.
@Suite(.timeLimit(.minutes(5)))
struct ToolsRouteTests {
    @Test func `the tools are listed with their parameters`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.GET, "/api/v1/tools")
            #expect(answer.status == 200)
            #expect(
                answer.body == """
                    {"tools":[{"name":"recall_memory","aliases":[],"description":"Finds facts.",\
                    "parameters":{"type":"object"},"available":true},\
                    {"name":"web_search","aliases":["ddg_search"],"description":"Searches the web.",\
                    "parameters":{"type":"object"},"available":false}],"total":2}
                    """
            )
        }
    }
}

extension Sample {
    static let tools = [
        tool("recall_memory", "Finds facts.", isAvailable: true),
        tool("web_search", aliases: ["ddg_search"], "Searches the web.", setting: "WEB_SEARCH_URL", isAvailable: false),
    ]

    private static func tool(
        _ name: String,
        aliases: [String] = [],
        _ description: String,
        setting: String? = nil,
        isAvailable: Bool
    ) -> Tools.Description {
        Tools.Description(
            name: name,
            aliases: aliases,
            description: description,
            parameters: RawJSON(#"{"type":"object"}"#),
            setting: setting,
            isAvailable: isAvailable
        )
    }
}
