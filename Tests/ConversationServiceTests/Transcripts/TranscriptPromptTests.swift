import Contracts
import Testing

@testable import ConversationService

/// The prompt of seed 000: one text that ends where the model continues.
struct TranscriptPromptTests {
    private static func prompt(_ messages: (Inference.Message.Role, String)...) -> TranscriptPrompt {
        TranscriptPrompt(
            instruction: "Continue the conversation like a human",
            messages: messages.map { Inference.Message(role: $0, content: $1) }
        )
    }

    @Test func `the text is the document's`() {
        let first = Self.prompt((.user, "Hi"))
        #expect(first.text == "Continue the conversation like a human\n\nUser: Hi\nAI:")
        #expect(first.messageCount == 1)
        let second = Self.prompt((.user, "a"), (.assistant, "b"), (.user, "c\nd"), (.assistant, ""), (.user, "e"))
        #expect(
            second.text == """
                Continue the conversation like a human
                User: a
                AI: b

                User: c
                d
                AI: \("")

                User: e
                AI:
                """
        )
        #expect(second.messageCount == 5)
    }

    @Test func `only answered questions are part of the history`() {
        let prompt = Self.prompt(
            (.assistant, "cut off"),
            (.user, "failed"),
            (.user, "a"),
            (.assistant, "b"),
            (.tool, "result"),
            (.assistant, "b, too"),
            (.user, "failed, too"),
            (.user, "c")
        )
        #expect(prompt.text == "Continue the conversation like a human\nUser: a\nAI: b\n\nUser: c\nAI:")
        let report = prompt.report(
            Run.ContextReport(messagesUsed: 8, messagesLeftOut: 3, tokensEstimated: 100, window: 8192)
        )
        #expect(report.messagesUsed == 3 && report.messagesLeftOut == 8 && report.window == 8192)
        #expect(report.tokensEstimated == TokenEstimate.tokens(in: prompt.text))
    }
}
