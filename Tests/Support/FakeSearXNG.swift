import Foundation

/// Runs `body` with a fake SearXNG on a free port, which finds `count` pages for each query.
package func withFakeSearXNG<Result>(
    count: Int = 12,
    _ body: (FakeServer) async throws -> Result
) async throws -> Result {
    try await withFakeServer(
        mainPath: "/search",
        scripts: ["/search": { FakeSearXNG.search($0, count: count) }],
        body
    )
}

/// The responses of SearXNG, byte for byte.
package enum FakeSearXNG {
    /// `GET /search?q=…&format=json`.
    static func search(_ request: FakeRequest, count: Int) -> FakeResponse {
        let query = request.queryItems
        guard query["format"] == "json" else { return htmlForbidden }
        guard let words = query["q"], !words.isEmpty else { return .json(400, #"{"error": "No query"}"#) }
        let results = (1...max(count, 1)).prefix(count).map { number in
            result("https://example.org/\(number)", "\(words) \(number)", "Summary \(number) of \(words).", number)
        }
        return .json(200, body(query: words, results))
    }

    /// The body of a response; Python writes a blank after each comma and colon.
    package static func body(query: String, _ results: [String], unresponsive: String = "[]") -> String {
        "{\"query\": \(query.inJSON), \"number_of_results\": 0, \"results\": [\(results.joined(separator: ", "))], "
            + "\"answers\": [], \"corrections\": [], \"infoboxes\": [], \"suggestions\": [\"more\"], "
            + "\"unresponsive_engines\": \(unresponsive)}"
    }

    /// One result.
    package static func result(_ url: String, _ title: String, _ content: String, _ number: Int = 1) -> String {
        "{\"template\": \"default.html\", \"url\": \(url.inJSON), \"title\": \(title.inJSON), "
            + "\"content\": \(content.inJSON), \"img_src\": \"\", \"thumbnail\": \"\", \"priority\": \"\", "
            + "\"engine\": \"duckduckgo\", \"parsed_url\": [\"https\", \"example.org\", \"/\(number)\", \"\", \"\", \"\"], "
            + "\"engines\": [\"duckduckgo\", \"brave\"], \"positions\": [\(number), 2], \"publishedDate\": null, "
            + "\"score\": \(4.0 / Double(number)), \"category\": \"general\"}"
    }

    /// The response of an instance whose settings do not allow JSON.
    package static let htmlForbidden = FakeResponse(
        head: "HTTP/1.1 403 FORBIDDEN\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 34\r\n\r\n",
        body: "<!doctype html><h1>Forbidden</h1>\n".utf8
    )
}
