import TestSupport
import Testing

/// One event of a provider with seven megabytes of text reaches the clients of both surfaces as a whole.
@Suite(.timeLimit(.minutes(5)))
struct LargeEventTests {
    @Test func `an answer of seven megabytes in one event reaches the client`() async throws {
        let text = String(repeating: "seven ", count: 7_000_000 / 6)
        let dialect = FakeDialect.openAI
        try await dialect.withServer { server in
            server.always(dialect.path, dialect.stream(dialect.text(text), dialect.last))
            try await ServiceStack.with(settings: GatewayClient.settings(dialect, server.url)) { stack in
                for client in try await GatewayClient.join(stack, dialect, as: "someone") {
                    let answer = try await client.ask("Hello")
                    #expect(answer.fault == nil && answer.isFinished, "\(client.surface)")
                    #expect(answer.text == text, "\(client.surface): \(answer.text.utf8.count) bytes")
                    guard client.surface == .openAI else { continue }
                    let (status, body) = try await client.askWhole("Hello")
                    #expect(status == 200)
                    #expect(body.contains(text))
                }
            }
        }
    }
}
