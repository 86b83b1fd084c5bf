import TestSupport
import Testing

/// Wherever a provider's response is split or truncated, the client of the gateway receives the text so far and then an
/// error, never a complete answer; on `/v1`, which stores nothing, and on Parley's own surface.
@Suite(.timeLimit(.minutes(5)))
struct GatewayTruncatedResponseTests {
    /// For Ollama see ``TruncatedResponseTests``.
    private static let dialects = [FakeDialect.openAI, .gemini]
    static let pieces = ["Grü", "ße \"👩‍🍳\""]
    static var text: String { pieces.joined() }

    @Test(arguments: dialects)
    func `a response truncated behind the first token is an error`(_ dialect: FakeDialect) async throws {
        let form = ProviderResponse(streamed: dialect, Self.pieces)
        try await GatewayClient.with(dialect) { clients in
            try await clients.each(form.first..<form.answer.bytes.count) { client, count in
                let received = try await client.ask("[cut \(count)]")
                let comment: Comment = "\(client.surface), cut after \(count)"
                #expect(!received.text.isEmpty && Self.text.hasPrefix(received.text), comment)
                #expect(received.isFinished ? count >= form.mayBeWhole : count < form.isWhole, comment)
                #expect(!received.isFinished || received.text == Self.text, comment)
                #expect(received.fault == (received.isFinished ? nil : client.surface.truncationCode), comment)
            }
        }
    }

    @Test(arguments: dialects)
    func `a response split at any byte of its body is complete`(_ dialect: FakeDialect) async throws {
        let form = ProviderResponse(streamed: dialect, Self.pieces)
        try await GatewayClient.with(dialect) { clients in
            try await clients.each(form.answer.headLength..<form.answer.bytes.count, only: .openAI) { client, offset in
                let received = try await client.ask("[split \(offset)]")
                #expect(received == ReceivedAnswer(text: Self.text, isFinished: true), "split at \(offset)")
            }
            try await clients.each(0..<8) { client, _ in
                let received = try await client.ask("[bytes 0]")
                let whole = ReceivedAnswer(text: Self.text, isFinished: true)
                #expect(received == whole, "\(client.surface), byte by byte")
            }
        }
    }

    @Test(arguments: dialects)
    func `a truncated response without streaming is complete or an error`(_ dialect: FakeDialect) async throws {
        let form = ProviderResponse(whole: dialect, Self.pieces)
        try await GatewayClient.with(dialect) { clients in
            try await clients.each(form.first...form.answer.bytes.count, only: .openAI) { client, count in
                let (status, body) = try await client.askWhole("[whole] [cut \(count)]")
                let comment: Comment = "cut after \(count): \(status) \(body)"
                #expect(status == 200 ? count >= form.mayBeWhole : count < form.isWhole, comment)
                #expect(body.contains(status == 200 ? "\"finish_reason\":\"stop\"" : "upstream_error"), comment)
                #expect([200, 502].contains(status), comment)
            }
        }
    }
}
