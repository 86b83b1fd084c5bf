import Contracts
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Compressed request bodies on every surface.
@Suite(.timeLimit(.minutes(5))) struct CompressedBodyTests {
    private static let chat = #"{"model":"m","messages":[{"role":"user","content":"Compressed"}]}"#

    /// Sends bytes as they are.
    private func post(
        _ gateway: TestGateway,
        _ path: String,
        _ encoding: String,
        _ body: [UInt8]
    ) async throws -> Answer {
        var head = "POST \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(TestGateway.token())\r\n"
        head +=
            "Content-Type: application/json\r\nContent-Encoding: \(encoding)\r\nContent-Length: \(body.count)\r\n\r\n"
        let answer = try await gateway.raw(Array(head.utf8) + body)
        return Answer(status: answer.status, headers: [:], body: answer.body)
    }

    @Test(arguments: [
        ("gzip", Compressed.gzip(chat)), ("x-gzip", Compressed.gzip(chat)), ("GZIP", Compressed.gzip(chat)),
        ("deflate", Compressed.zlib(chat)), ("deflate", Compressed.deflate(chat)), ("identity", Array(chat.utf8)),
        ("gzip, gzip", Compressed.gzip(chat)),
    ])
    func `a compressed body is understood`(_ encoding: String, _ body: [UInt8]) async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.say("Hi.")
            let answer = try await post(gateway, "/v1/chat/completions", encoding, body)
            #expect(answer.status == 200, "\(answer.body)")
            #expect(gateway.services.models.asked.map(\.messages.first?.content) == [.text("Compressed")])
        }
    }

    @Test func `every surface understands a compressed body`() async throws {
        try await TestGateway.with { gateway in
            let created = try await post(
                gateway,
                "/api/v1/chat/conversations",
                "gzip",
                Compressed.gzip("{\"influencer_id\":\"\(Sample.persona.id)\"}")
            )
            #expect(created.status == 201, "\(created.body)")
            // An empty object, which each surface refuses in its own form after it was decompressed.
            for (path, form) in [
                ("/api/prompt/", #"{"error":"#), ("/conversation/completion/x", #"{"detail":"#),
                ("/prompt", #"{"detail":"#), ("/v1/embeddings", #"{"error":{"message":"#),
                ("/api/v1/chat/conversations", #"{"error":"#),
            ] {
                let answer = try await post(gateway, path, "gzip", Compressed.gzip("{}"))
                #expect((400...422).contains(answer.status) && answer.status != 415, "\(path): \(answer.status)")
                #expect(answer.body.hasPrefix(form), "\(path): \(answer.body)")
            }
        }
    }

    @Test(arguments: ["br", "zstd", "compress", "gzip, br"])
    func `another encoding is refused with its name and the supported ones`(_ encoding: String) async throws {
        try await TestGateway.with { gateway in
            for path in ["/v1/chat/completions", "\(Sample.path)/messages"] {
                let answer = try await post(gateway, path, encoding, Array("{}".utf8))
                #expect(answer.status == 415)
                #expect(answer.body.contains(encoding) && answer.body.contains("gzip or deflate"), "\(answer.body)")
            }
            let fastAPI = try await post(gateway, "/conversation/completion/x", encoding, Array("{}".utf8))
            #expect(fastAPI.status == 415 && fastAPI.body.hasPrefix(#"{"detail":"#), "\(fastAPI.body)")
        }
    }

    @Test func `invalid and truncated data is a bad request`() async throws {
        try await TestGateway.with { gateway in
            let whole = Compressed.gzip(Self.chat)
            for body in [Array(whole.dropLast(20)), Array(whole.prefix(10)) + [0xFF, 0xFF, 0xFF, 0xFF]] {
                let answer = try await post(gateway, "/v1/chat/completions", "gzip", body)
                #expect(answer.status == 400)
                #expect(answer.body.contains("gzip"), "\(answer.body)")
            }
        }
    }

    @Test(arguments: [
        ("/v1/chat/completions", 33, "request_too_large"), ("/api/v1/chat/conversations", 2, "payload_too_large"),
    ])
    func `a body that is too long after decompression is too large`(
        _ path: String,
        _ mebibytes: Int,
        _ code: String
    ) async throws {
        try await TestGateway.with { gateway in
            let answer = try await post(gateway, path, "gzip", Compressed.spaces(mebibytes: mebibytes))
            #expect(answer.status == 413)
            #expect(answer.body.contains("\"\(code)\""), "\(answer.body)")
        }
    }
}
