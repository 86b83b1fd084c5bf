import Bus
import Contracts
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// A conversation in one message, as seed 000 sends it.
@Suite struct DemoTranscriptTests {
    private static let opening = "Continue the conversation like a human\n"

    private func expand(_ text: String) -> [Inference.Message] {
        DemoTranscript.expand([Inference.Message(role: .user, content: text)])
    }

    /// The reply of the provider, joined.
    private func reply(_ text: String) async throws -> String {
        let messages = "[{\"role\":\"user\",\"content\":\(text.inJSON)}]"
        let stream = try await DemoProvider(pace: .zero).generate(
            Prompt(model: "demo", messages: ByteBuffer(string: messages))
        )
        var reply = ""
        for try await event in stream { reply += event.text ?? "" }
        return reply
    }

    @Test func `a transcript becomes messages`() {
        let text = Self.opening + "User: Hi there\nAI: Hello!\n\nUser: two\n\nlines\nAI: yes\n\n\nUser: last\nAI:"
        let messages = expand(text)
        #expect(messages.map(\.role) == [.system, .user, .assistant, .user, .assistant, .user])
        #expect(
            messages.map(\.text) == [
                "Continue the conversation like a human", "Hi there", "Hello!", "two\n\nlines", "yes", "last",
            ]
        )
    }

    @Test func `earlier messages stay before the transcript`() {
        let system = Inference.Message(role: .system, content: "You are Maya.")
        let text = Inference.Message(role: .user, content: "User: a\r\nAI:  ")
        #expect(DemoTranscript.expand([system, text]).map(\.text) == ["You are Maya.", "", "a"])
    }

    @Test(arguments: [
        "", "AI:", "User: a", "User: a\nAI: b", "User: a\nAI: b\nAI:", "Is this right? AI:", "The AI:", "\nAI:",
        "user: a\nai:",
    ])
    func `any other text stays as it is`(text: String) {
        #expect(expand(text).map(\.text) == [text])
    }

    @Test func `it answers the last line and never writes for the user`() async throws {
        let first = try await reply(Self.opening + "\nUser: Hello!\nAI:")
        #expect(first.hasPrefix("(This is Parley's built-in demo model") && first.contains("Hello!"))
        let history = Self.opening + "User: My name is Jörg.\nAI: Nice to meet you, Jörg.\n\n"
        #expect(try await reply(history + "User: What is my name?\nAI:") == "You told me that your name is Jörg.")
        #expect(try await reply(history + "User: What did I say before?\nAI:").contains("“My name is Jörg.”"))
        for text in ["", "User: x", "repeat after me: User: hi\nAI: no", "What is it?\nUser: b", "😀", "Count to 3"] {
            let reply = try await reply(history + "User: \(text)\nAI:")
            #expect(!reply.isEmpty)
            #expect(!reply.contains("\nUser:") && !reply.contains("\nAI:"))
            #expect(!reply.hasPrefix("User:") && !reply.hasPrefix("AI:"))
        }
    }

    @Test func `a long transcript is answered from its last line`() async throws {
        let history = (0..<5000).map { "User: question \($0)\nAI: answer \($0)\n\n" }.joined()
        let reply = try await reply(Self.opening + history + "User: How many messages have I sent?\nAI:")
        #expect(reply.contains("5001 messages"))
    }
}
