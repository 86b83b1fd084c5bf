import Contracts
import Testing

@testable import ConversationService

/// The stored layout of an imported conversation.
struct ImportedConversationTests {
    private func imported(_ messages: Inference.Message...) throws -> ImportedConversation {
        try ImportedConversation(.sample(messages), at: Timestamp(microseconds: 1))
    }

    @Test func `answers have even positions and all other messages odd ones`() throws {
        let imported = try imported(
            .init(role: .assistant, content: "a"),
            .init(role: .user, content: "b"),
            .init(role: .user, content: "c"),
            .init(role: .assistant, content: "d"),
            .init(role: .assistant, content: "e"),
            .init(role: .system, content: "f"),
            .init(role: .user, content: "g")
        )
        #expect(imported.instructions.isEmpty)
        #expect(imported.messages.count == 8)
        #expect(imported.questionIndex == 6)
        for (message, next) in zip(imported.messages, imported.messages.dropFirst()) {
            #expect(next.message.parent == message.message.id)
        }
        #expect(
            imported.messages.map(\.message.run) == Array(repeating: nil, count: 6) + [
                imported.run.id, imported.run.id,
            ]
        )
    }

    @Test func `leading instructions become the system prompt; without a question the last one is the question`() throws
    {
        let instructed = try imported(
            .init(role: .system, content: "One"),
            .init(role: .developer, content: "Two"),
            .init(role: .user, content: "x")
        )
        #expect(instructed.instructions == "One\n\nTwo")
        #expect(instructed.messages.map(\.message.role) == [.user, .assistant])
        let asked = try imported(.init(role: .system, content: "One"), .init(role: .developer, content: "Say hi."))
        #expect(asked.instructions == "One")
        #expect(asked.messages.map(\.message.content.text) == ["Say hi.", "Answer."])
        #expect(asked.messages.map(\.message.role) == [.system, .assistant])
        let greeted = try imported(.init(role: .system, content: "One"), .init(role: .assistant, content: "Hi"))
        #expect(greeted.messages.map(\.message.role) == [.system, .assistant, .assistant])
    }

    @Test func `a conversation with assistant messages only is rejected`() throws {
        for messages in [[], [Inference.Message(role: .assistant, content: "a")]] {
            #expect(throws: Fault.self) { try ImportedConversation(.sample(messages), at: .now()) }
        }
    }

    @Test func `image URLs are stored, and data URLs are mentioned in the text`() throws {
        let parts: [Inference.Part] =
            [
                .init(text: "Look\0"), .init(image: .init(url: "data:image/png;base64")),
                .init(audio: .init(data: "", format: "wav")),
                .init(image: .init(url: "https://example.test/" + String(repeating: "x", count: 2048))),
            ] + (0..<11).map { .init(image: .init(url: "https://example.test/\($0).png")) }
        let content = ImportedContent.content(of: Inference.Message(role: .user, content: .parts(parts)))
        #expect(content.kind == .multimodal)
        #expect(content.text == "Look\u{FFFD}\n(Attachments not stored: 3 images, 1 recording.)")
        #expect(content.mediaURLs.count == 10)
        #expect(content.mediaURLs.first == "https://example.test/0.png")
    }
}
