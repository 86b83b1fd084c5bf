import Testing

@testable import ConversationService

/// The text of a model that continues a transcript, in any pieces.
struct TranscriptAnswerTests {
    private static let json = "```json\n{\"text\": \"Hi\",\n \"animation\": \"wave\"}\n```"
    private static let log = "A log:\n```\nUser: a\nUser: b\n```\nThat is all."

    private static let cases: [(String, String)] = [
        ("", ""), (" \n ", ""), ("Hello.", "Hello."), (" Hello.", "Hello."), ("AI: Hello.", "Hello."),
        ("\n\nAI:\n  Hello.\n\n", "Hello."), ("AI:Hello", "Hello"), ("AI", "AI"), ("AI is here", "AI is here"),
        ("A", "A"), ("A, B", "A, B"), ("AI: AI: twice", "AI: twice"), ("AI:", ""), ("ai: lower", "ai: lower"),
        ("Hello.\nUser: And you?", "Hello."), ("Hello.\n\nUser: And you?\nAI: Fine.", "Hello."),
        ("Hello.\n\nUser:", "Hello."), ("Hello.\nUser", "Hello.\nUser"), ("Hello.\nUs", "Hello.\nUs"),
        ("Hello.\nUsers: many", "Hello.\nUsers: many"), ("Hello.\nUse it: x", "Hello.\nUse it: x"),
        ("Hello.\nUUser: x", "Hello.\nUUser: x"), ("Hello.\n\n\nU", "Hello.\n\n\nU"),
        ("Hello. User: inline", "Hello. User: inline"), ("User: first line", "User: first line"),
        ("Hello.\n User: indented", "Hello.\n User: indented"), ("One\r\n\r\nTwo\r\nUser: x", "One\r\n\r\nTwo"),
        (json, json), ("AI: " + json + "\n", json), ("\n" + json + "\nUser: x", json), (log, log),
        (log + "\nUser: next", log), ("Use `a`\nUser: x", "Use `a`"), ("```\nUser: x", "```\nUser: x"),
        ("  ```\n  User: x\nUser: y\n  ```\nUser: z", "```\n  User: x\nUser: y\n  ```"),
        ("Größe 🍳\n\n漢字\n", "Größe 🍳\n\n漢字"), ("a\n\n\n\nb", "a\n\n\n\nb"), ("``\nUser: x", "``"),
    ]

    @Test(arguments: cases)
    func `label, white space and an invented line are removed`(_ text: String, _ expected: String) {
        #expect(Self.clean([text]) == expected)
        #expect(Self.clean(text.unicodeScalars.map { String($0) }) == expected)
        for index in text.unicodeScalars.indices {
            #expect(Self.clean([String(text[..<index]), String(text[index...])]) == expected)
        }
    }

    @Test func `text is not held back longer than necessary`() {
        var answer = TranscriptAnswer()
        #expect(answer.append("Hello") == "Hello")
        #expect(answer.append(" ") == "")
        #expect(answer.append("you") == " you")
        #expect(answer.append("\nUs") == "")
        #expect(answer.append("e this") == "\nUse this")
        #expect(!answer.isEnded)
        #expect(answer.append("\nUser: me") == "" && answer.isEnded)
        #expect(answer.append("more") == "" && answer.finish() == "")
    }

    @Test func `white space without end is not held back without end`() {
        var answer = TranscriptAnswer()
        var shown = answer.append("x").utf8.count
        for _ in 0..<100 { shown += answer.append(String(repeating: " ", count: 1000)).utf8.count }
        #expect(shown > 90_000)
    }

    private static func clean(_ pieces: [String]) -> String {
        var answer = TranscriptAnswer()
        return pieces.map { answer.append($0) }.joined() + answer.finish()
    }
}
