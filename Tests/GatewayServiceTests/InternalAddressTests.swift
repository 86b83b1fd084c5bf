import Contracts
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// No response contains the address of a service behind the gateway, however its connection fails.
@Suite(.timeLimit(.minutes(5)))
struct InternalAddressTests {
    private static let requests: [(HTTPMethod, String, String?)] = [
        (.POST, "/v1/chat/completions", "{\"model\":\"demo\",\(ChatTests.hello)}"),
        (.POST, "/v1/chat/completions", "{\"model\":\"demo\",\"stream\":true,\(ChatTests.hello)}"),
        (.POST, "/v1/embeddings", #"{"model":"m","input":"a"}"#),
        (.GET, "/v1/models", nil), (.GET, "/v1/models/demo/demo", nil),
        (.POST, "\(Sample.path)/messages", #"{"content":"Hello"}"#),
        (.POST, "\(Sample.path)/messages", #"{"content":"Hello","stream":true}"#),
        (.GET, "\(Sample.path)/messages", nil), (.GET, "\(Sample.path)/runs/\(Sample.run.id)", nil),
        (.GET, "\(Sample.path)/runs/\(Sample.run.id)/events", nil),
        (.GET, "/api/v1/models", nil), (.GET, "/api/v1/models/pulls", nil), (.GET, "/api/v1/influencers", nil),
        (.GET, "/api/v1/keys", nil), (.GET, "/api/v1/usage", nil), (.GET, "/status", nil), (.GET, "/health", nil),
        (.GET, "/readyz", nil),
    ]

    /// Ways in which a service fails: before, during and after its response head.
    private static let failures: [FakeResponse] = {
        let stream = FakeResponse(
            head: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            body: chunk(#"{"element":{"begin":{"model":"demo/demo","attempts":[]}}}"#)
                + chunk(#"{"element":{"number":2,"text":"Hi"}}"#)
        )
        let nothing = FakeResponse(head: "", body: [])
        return [
            nothing.ending(.close), nothing.ending(.reset), FakeResponse(head: "HTTP/1.1 2", body: []).ending(.close),
            FakeResponse(head: "garbage\r\n\r\n", body: []).ending(.close), stream.ending(.close),
            stream.ending(.reset), stream.resetLater, stream.followedLater(by: "garbage\r\n"),
            FakeResponse(head: "HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\n", body: "oops".utf8).ending(.close),
        ]
    }()

    private static func chunk(_ line: String) -> [UInt8] {
        Array("\(String(line.utf8.count + 1, radix: 16))\r\n\(line)\n\r\n".utf8)
    }

    @Test(arguments: failures.indices)
    func `a service that fails`(_ failure: Int) async throws {
        try await RawServer.with(saying: Self.failures[failure]) { server in
            try await check("http://\(server.authority)")
        }
    }

    @Test func `a service that is unreachable`() async throws {
        try await check(try await unreachableURL())
    }

    /// Sends all requests with either service at this URL.
    private func check(_ url: String) async throws {
        let port = String(try #require(url.split(separator: ":").last))
        for name in ["INFERENCE_URL", "CONVERSATION_URL"] {
            try await TestGateway.with([name: url]) { gateway in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (method, path, body) in Self.requests {
                        group.addTask {
                            let answer = try await gateway.ask(method, path, body: body)
                            let text = "\(answer.headers) \(answer.body)"
                            #expect(!text.contains("127.0.0.1") && !text.contains("http://"), "\(path): \(text)")
                            #expect(!text.contains(":\(port)"), "\(path): \(text)")
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
}
