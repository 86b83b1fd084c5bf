import Contracts
import Testing

@testable import InferenceService

/// Transcripts that the demo model continues.
struct DemoTranscriptTests {
    @Test func `a transcript is read as messages`() {
        let text = "Continue the conversation like a human\nUser: Hi\nAI: Hello!\nHow are you?\n\nUser: Fine.\nAI:"
        let read = DemoTranscript.messages([Inference.Message(role: .user, content: text)])
        #expect(read.map(\.role) == [.user, .assistant, .user])
        #expect(read.map(\.text) == ["Hi", "Hello!\nHow are you?", "Fine."])
        #expect(DemoReply(messages: [Inference.Message(role: .user, content: text)]).text.contains("Fine"))
    }

    @Test(arguments: ["Hello", "User: Hello", "AI:", "\nAI:", "User: a\nAI: b\nAI:", "no label\nAI:"])
    func `other messages are not changed`(_ text: String) {
        let messages = [Inference.Message(role: .user, content: text)]
        #expect(DemoTranscript.messages(messages).map(\.text) == [text])
    }

    @Test func `a conversation with several messages is not changed`() {
        let messages = ["a", "b", "User: c\nAI:"].map { Inference.Message(role: .user, content: $0) }
        #expect(DemoTranscript.messages(messages).count == 3)
    }
}
