import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// A run with tools by a fake Anthropic, which rejects thinking that is changed or out of order.
@Suite(.timeLimit(.minutes(5)))
struct AnthropicTurnTests {
    private static let thinking = #""type":"thinking""#

    private static func with(_ body: (FakeServer, TurnTestbed) async throws -> Void) async throws {
        try await withFakeAnthropic { anthropic in
            try await withTemporaryDirectory { directory in
                let settings = [
                    "ANTHROPIC_BASE_URL": anthropic.url, "ANTHROPIC_API_KEY": "a-key",
                    "DEFAULT_MODEL": "anthropic/claude-opus-5",
                ]
                try await TurnTestbed.with(directory, upstream: settings) { testbed in
                    try await body(anthropic, testbed)
                }
            }
        }
    }

    @Test func `hidden thinking returns within the tool loop, and not with the next question`() async throws {
        try await Self.with { anthropic, testbed in
            let conversation = try await testbed.store.base.openConversation()
            let run = try await testbed.start("How is it?", in: conversation, options: ScriptedInference.toolOptions)
            let end = try await run.end()
            #expect(end.status == .completed && end.model == "anthropic/claude-opus-5")
            #expect(end.assistantMessage?.content.text.contains("degrees") == true)
            let bodies = anthropic.requests("/v1/messages").map(\.body)
            #expect(bodies.map { $0.contains(Self.thinking) } == [false, true])
            #expect(try await testbed.start("And now?", in: conversation).end().status == .completed)
            let last = try #require(anthropic.requests("/v1/messages").last?.body)
            #expect(!last.contains(Self.thinking) && last.contains("tool_use") && last.contains("And now?"))
        }
    }

    @Test func `the step with the call is stored with its thinking`() async throws {
        try await Self.with { _, testbed in
            let conversation = try await testbed.store.base.openConversation()
            let run = try await testbed.start("How is it?", in: conversation, options: ScriptedInference.toolOptions)
            #expect(try await run.end().status == .completed)
            let stored = try await testbed.messages(of: conversation)
            let calling = try #require(stored.first { $0.toolCalls != nil })
            #expect(calling.parts?.map(\.kind) == [.reasoning, .toolCall] && calling.parts?.first?.metadata != nil)
            #expect(calling.model == "anthropic/claude-opus-5")
        }
    }
}
