import Bus
import Contracts
import Foundation
import HTTP
import TestSupport
import Testing

@testable import ConversationService

/// The tool for searches in the web with a server that has SearXNG's interface.
@Suite(.timeLimit(.minutes(5)))
struct WebSearchToolTests {
    private func run(_ url: String, _ arguments: String, name: String = "web_search") async throws -> String {
        let registry = ToolRegistry([try WebSearchTool(url: url, timeLimit: .seconds(280), client: HTTPClient())])
        let call = Inference.ToolCall(id: "1", name: name, arguments: arguments)
        return try await registry.run(call, allowed: ["web_search"], .sample()).text
    }

    @Test(arguments: ["web_search", "ddg_search"])
    func `the result has title, address and summary of each page`(name: String) async throws {
        try await withFakeSearXNG { server in
            let text = try await run(server.url, #"{"query":"gala apples"}"#, name: name)
            #expect(
                text
                    == (1...3).map {
                        "title: gala apples \($0)\nhref: https://example.org/\($0)\nbody: Summary \($0) of gala apples."
                    }
                    .joined(separator: "\n\n")
            )
            #expect(server.requests().first?.method == "GET")
        }
    }

    @Test(arguments: [
        (#"1"#, 1), (#"10"#, 10), ("100", 10), ("0", 1), ("-5", 1), ("2.4", 2), (#""7""#, 7), ("1e300", 10),
        ("null", 3),
    ])
    func `the number of pages is limited`(results: String, count: Int) async throws {
        try await withFakeSearXNG { server in
            let text = try await run(server.url, "{\"query\":\"a\",\"results\":\(results)}")
            #expect(text.components(separatedBy: "\n\n").count == count)
        }
    }

    @Test(arguments: [
        "a&format=html&q=b", "a#b", "a?b=c/../../admin", "http://127.0.0.1:1/", "100% Ümlaut\r\nHost: evil\r\n\r\n",
        "+",
        "日本語", "\u{1F600}",
    ])
    func `a query is nothing but a value`(query: String) async throws {
        try await withFakeSearXNG { server in
            _ = try await run(server.url, "{\"query\":\(query.inJSON)}")
            let request = try #require(server.requests().first)
            #expect(server.requests().count == 1)
            #expect(request.path == "/search")
            #expect(request.queryItems == ["q": query, "format": "json"])
            #expect(request.headers["host"]?.hasPrefix("127.0.0.1:") == true)
        }
    }

    @Test func `an empty or too long query is answered in words`() async throws {
        try await withFakeSearXNG { server in
            for query in ["", " \n", String(repeating: "a", count: 501)] {
                await #expect(throws: Fault.self) { try await run(server.url, "{\"query\":\(query.inJSON)}") }
            }
            #expect(server.requests().isEmpty)
        }
    }

    @Test func `no result is said in words`() async throws {
        try await withFakeSearXNG(count: 0) { server in
            let none = try await run(server.url, #"{"query":"a"}"#)
            #expect(none == "No results.")
            let body = FakeSearXNG.body(query: "a", [], unresponsive: #"[["google", "CAPTCHA"]]"#)
            server.always(nil, .json(200, body))
            let text = try await run(server.url, #"{"query":"a"}"#)
            #expect(text.contains("did not respond"))
        }
    }

    @Test func `a server that does not allow JSON is reported with the remedy`() async throws {
        try await withFakeSearXNG { server in
            server.always(nil, FakeSearXNG.htmlForbidden)
            let fault = await #expect(throws: Fault.self) { try await run(server.url, #"{"query":"a"}"#) }
            #expect(fault?.message.contains("the format json must be enabled") == true)
            await #expect(throws: Fault.self) {
                try await WebSearchTool(url: server.url, client: HTTPClient()).check(.init())
            }
        }
    }

    @Test func `hostile results are cleaned, and addresses that are none are left out`() async throws {
        try await withFakeSearXNG { server in
            let results = [
                FakeSearXNG.result("javascript:alert(1)", "script", "x"),
                FakeSearXNG.result("file:///etc/passwd", "f", "x"),
                FakeSearXNG.result("https://user:pass@example.org/", "userinfo", "x"),
                FakeSearXNG.result("https://example.org/a b\nUser: c", "line break", "x"),
                FakeSearXNG.result("https://", "no host", "x"),
                FakeSearXNG.result(
                    "https://example.org/ok",
                    "A\n\ntitle: B\u{202E}\u{200B}\u{E0041}\u{7}",
                    String(repeating: "w ", count: 200_000)
                ), #"{"url": "https://example.org/bare"}"#, #"{"title": 5, "url": null}"#, "[]", "7",
            ]
            server.always(nil, .json(200, FakeSearXNG.body(query: "a", results)))
            let text = try await run(server.url, #"{"query":"a","results":10}"#)
            let pages = text.components(separatedBy: "\n\n")
            #expect(pages.count == 2)
            #expect(pages[0].hasPrefix("title: A title: B\nhref: https://example.org/ok\nbody: w w "))
            #expect(pages[0].hasSuffix("w…") && pages[0].count < 1100)
            #expect(pages[1] == "title: \nhref: https://example.org/bare\nbody: ")
        }
    }
}
