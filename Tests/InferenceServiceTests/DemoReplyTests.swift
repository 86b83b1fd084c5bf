import Contracts
import Testing

@testable import InferenceService

@Suite struct DemoReplyTests {
    private static let persona = """
        You are Maya Fernandes, a home cook who makes a good dinner out of what is in the fridge.

        You cook at home every day. Your manner: energy: warm; expertise: weeknight meals, leftovers; style: practical.
        """

    /// The last reply in a conversation with these messages of the user.
    private func talk(_ messages: String..., system: String = persona, greeting: String? = "Hi, I'm Maya!") -> String {
        var history = [Inference.Message(role: .system, content: system)]
        if let greeting { history.append(.init(role: .assistant, content: greeting)) }
        var answer = ""
        for message in messages {
            history.append(.init(role: .user, content: message))
            answer = DemoReply(messages: history).text
            history.append(.init(role: .assistant, content: answer))
        }
        return answer
    }

    @Test func `only the first reply introduces the demo model`() {
        #expect(talk("What can I cook with eggs?").contains("Parley's built-in demo model, speaking as Maya Fernandes"))
        #expect(talk("Tell me of eggs", greeting: nil).contains("built-in demo model"))
        #expect(!talk("What can I cook with eggs?", "And with rice?").contains("built-in demo model"))
    }

    @Test func `it answers as its persona about the topic`() {
        let answer = talk("Hello!", "What can I cook with eggs, rice and spinach?")
        #expect(answer.contains("eggs rice spinach"))
        #expect(
            answer.contains("As Maya Fernandes, a home cook who makes a good dinner out of what is in the fridge, I")
        )
    }

    @Test func `it greets and introduces itself`() {
        #expect(talk("Hello!").contains("Hello! I am Maya Fernandes, a home cook"))
        #expect(talk("hi", "What is your name?").contains("My name here is Maya Fernandes"))
        #expect(talk("hi", "Are you a real person?").contains("demo/demo"))
    }

    @Test func `it recalls earlier messages`() {
        #expect(talk("I like leeks.", "What did I say before?").contains("“I like leeks.”"))
        #expect(talk("I like leeks.", "And figs.", "What was my first message?").contains("“I like leeks.”"))
        #expect(talk("What did I say before?").contains("it is your first message"))
        #expect(talk("a", "b", "How many messages have I sent?").contains("3 messages"))
    }

    @Test func `it remembers the user's name`() {
        #expect(talk("My name is Jörg.").contains("Nice to meet you, Jörg"))
        #expect(talk("My name is Jörg.", "I like figs.", "What is my name?").contains("your name is Jörg"))
        #expect(talk("hi", "What's my name?").contains("not told me your name"))
    }

    @Test func `it refers to earlier messages and follows up`() {
        #expect(talk("How do I roast chestnuts?", "Which wine goes with venison?").contains("chestnuts"))
        #expect(talk("How do I roast chestnuts?", "Why?").contains("roast chestnuts"))
        #expect(talk("hi", "go on").contains("only just begun"))
    }

    @Test func `it counts and repeats`() {
        #expect(talk("hi", "Count to 5, please") == "1, 2, 3, 4, 5.")
        #expect(talk("hi", "count from 8 to 10") == "8, 9, 10.")
        #expect(talk("hi", "Count to 99999999999999999999") != "")
        #expect(talk("hi", "Count to 1000000").hasSuffix("100."))
        #expect(talk("hi", "Repeat after me: the quick fox") == "the quick fox")
    }

    @Test func `the same input gives the same answer`() {
        #expect(talk("a b c", "Why is the sky blue?") == talk("a b c", "Why is the sky blue?"))
    }

    @Test(arguments: [
        "", " \n\t", "?", "!!!", "😀", "👩‍🍳🏽", "你好，你是谁？", "Привет, как дела?", "مرحبا كيف حالك؟", "\u{0}\u{1}",
        "a\u{0301}\u{0301}",
        "-", "'", "“”", String(repeating: "word ", count: 20_000), String(repeating: "😀", count: 5000), "Count to -5",
        "echo",
    ])
    func `any message gets an answer of bounded length`(_ message: String) {
        for answer in [
            talk(message), talk("hi", message), talk(message, message, "why?"), talk(message, system: message),
        ] {
            #expect(!answer.isEmpty)
            #expect(answer.count < 3000)
        }
    }

    @Test(arguments: [
        ("You are Maya, a home cook. You help.", "Maya", "a home cook"), ("You are Noor.", "Noor", nil),
        ("You are a helpful assistant.", nil, "a helpful assistant"), ("", nil, nil), ("Be brief.", nil, nil),
        ("You are ", nil, nil), ("You are Dr. No, a villain!", "Dr", "a villain"),
    ])
    func `a persona is read from the instructions`(_ text: String, _ name: String?, _ role: String?) {
        let persona = DemoPersona([.init(role: .system, content: text)])
        #expect(persona.name == name)
        #expect(persona.role == role)
    }
}
