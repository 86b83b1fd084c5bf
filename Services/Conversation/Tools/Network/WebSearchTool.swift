import Bus
import Contracts
import HTTP

/// `web_search`: pages of the web about a query, from a server with SearXNG's interface.
struct WebSearchTool: NetworkTool {
    static let setting = "WEB_SEARCH_URL"
    private static let endpoint = "/search"
    /// Maximum length of a query, in Unicode scalars.
    private static let queryLimit = 500
    private static let defaultResults = 3.0
    private static let results = 1.0...10.0

    static let declaration = ToolDeclaration(
        name: "web_search",
        aliases: ["ddg_search"],
        description: "Searches the web, and returns title, address and summary of the best pages.",
        parameters: [
            .init(name: "query", type: .string, description: "The words to search for.", isRequired: true),
            .init(name: "results", type: .number, description: "Number of pages, from 1 to 10 (default: 3)."),
        ]
    )

    let service: RemoteService

    init(url: String, timeLimit: Duration = .seconds(15), client: HTTPClient) throws {
        service = try RemoteService(
            "The search service",
            url: url,
            setting: Self.setting,
            endpoint: Self.endpoint,
            byteLimit: 1024 * 1024,
            timeLimit: timeLimit,
            meanings: [403: "does not allow JSON; the format json must be enabled in its settings"],
            client: client
        )
    }

    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult {
        let query = arguments.text("query") ?? ""
        guard query.contains(where: { !$0.isWhitespace }) else { throw Fault(.invalid, "query is empty.") }
        guard query.unicodeScalars.count <= Self.queryLimit else {
            throw Fault(.invalid, "query has more than \(Self.queryLimit) characters.")
        }
        let wanted = arguments.number("results") ?? Self.defaultResults
        let limit = min(max(wanted, Self.results.lowerBound), Self.results.upperBound).rounded()
        let results = try await search(query, limit: Int(exactly: limit) ?? 1, use.call)
        return ToolResult(text: results.text)
    }

    func check(_ context: CallContext) async throws {
        _ = try await search("weather", limit: 1, context)
    }

    private func search(_ query: String, limit: Int, _ context: CallContext) async throws -> SearchResults {
        let body = try await service.get(["q": query, "format": "json"], context)
        var results = SearchResults(limit: limit)
        try service.read(body) { json in try results.read(&json) }
        return results
    }
}
