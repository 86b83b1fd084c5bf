import Contracts
import NIOHTTP1
import Testing

/// `Idempotency-Key` when a conversation or an API key is created.
@Suite(.timeLimit(.minutes(5)))
struct IdempotentCreationTests {
    private static let creations = [
        ("/api/v1/chat/conversations", "{\"influencer_id\":\"\(Sample.persona.id)\"}"),
        ("/api/v1/keys", #"{"name":"laptop"}"#),
    ]

    @Test func `the key is passed on`() async throws {
        try await TestGateway.with { gateway in
            for (path, body) in Self.creations {
                #expect(try await gateway.ask(.POST, path, body: body).status == 201)
                for key in ["k 1", "\"k 1\""] {
                    let answer = try await gateway.ask(.POST, path, headers: ["idempotency-key": key], body: body)
                    #expect(answer.status == 201)
                }
            }
            #expect(gateway.services.received(Conversations.Open.self).map(\.key) == [nil, "k 1", "k 1"])
            #expect(gateway.services.received(Keys.Create.self).map(\.key) == [nil, "k 1", "k 1"])
        }
    }

    @Test func `a malformed key creates nothing`() async throws {
        try await TestGateway.with { gateway in
            let long = String(repeating: "k", count: 256)
            for (path, body) in Self.creations {
                for keys in [[""], [long], ["a", "a"], ["a\tb"]] {
                    let headers = HTTPHeaders(keys.map { ("idempotency-key", $0) })
                    let answer = try await gateway.ask(.POST, path, headers: headers, body: body)
                    #expect(answer.status == 400 && answer.isEnvelope, "\(path) \(keys)")
                }
            }
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test func `the key of another request is 422`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.fail(Fault(.keyReused, "The idempotency key was used for another request."))
            for (path, body) in Self.creations {
                let answer = try await gateway.ask(.POST, path, headers: ["idempotency-key": "k"], body: body)
                #expect(answer.status == 422)
                #expect(try answer.json["error"] as? String == "idempotency_key_reused")
            }
        }
    }
}
