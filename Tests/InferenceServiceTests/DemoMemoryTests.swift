import Bus
import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// The memory tools of the demo model: when it calls them, and what it says about their results.
@Suite struct DemoMemoryTests {
    private static func tool(_ name: String, _ description: String, _ parameters: String, _ required: String) -> String
    {
        "{\"type\":\"function\",\"function\":{\"name\":\"\(name)\",\"description\":\(description.inJSON),"
            + "\"parameters\":{\"type\":\"object\",\"properties\":{\(parameters)},\"required\":[\(required)]}}}"
    }

    /// The tools of a persona that uses all of them.
    static let tools =
        "["
        + [
            tool(
                "create_memory",
                "Stores one fact for later conversations. Use it when the user asks to remember something, or states a "
                    + "lasting fact about themselves.",
                #""memory_text":{"type":"string"}"#,
                #""memory_text""#
            ),
            tool(
                "recall_memory",
                "Finds facts that were stored with create_memory, also in earlier conversations. Use it when the user "
                    + "asks about something that they told before.",
                #""query":{"type":"string"},"n_docs":{"type":"number"}"#,
                #""query""#
            ),
            tool(
                "get_weather",
                "Gets the current weather at a place: temperature, humidity, precipitation, clouds and wind.",
                #""latitude":{"type":"string"},"longitude":{"type":"string"}"#,
                #""latitude","longitude""#
            ),
            tool(
                "web_search",
                "Searches the web, and returns title, address and summary of the best pages.",
                #""query":{"type":"string"},"results":{"type":"number"}"#,
                #""query""#
            ),
            tool(
                "generate_image",
                "Generates an image from a description, and returns the address of the image.",
                #""prompt":{"type":"string"},"width":{"type":"number"},"height":{"type":"number"}"#,
                #""prompt""#
            ),
            tool("JokeDelivery", "Call this to tell the user a joke.", #""text":{"type":"string"}"#, #""text""#),
        ]
        .joined(separator: ",") + "]"

    private func turn(
        _ text: String,
        tools: String = tools,
        before: [Inference.Message] = [],
        after: [Inference.Message] = []
    ) throws -> DemoResponse {
        var prompt = Prompt(model: "demo", messages: ByteBuffer())
        prompt.plan = try ToolPlan(tools: ByteBuffer(string: tools))
        return try DemoResponse(prompt, before + [Inference.Message(role: .user, content: text)] + after)
    }

    /// The name and the arguments of the call for a message; `nil` for a text.
    private func call(_ text: String, tools: String = tools, before: [Inference.Message] = []) throws -> [String]? {
        guard case .call(_, let name, let arguments) = try turn(text, tools: tools, before: before) else { return nil }
        return [name, arguments]
    }

    /// The text after a call with a result.
    private func answer(_ text: String, _ name: String, _ arguments: String, result: String) throws -> String {
        let after: [Inference.Message] = [
            .init(role: .assistant, content: nil, toolCalls: [.init(id: "a", name: name, arguments: arguments)]),
            .init(role: .tool, content: .text(result), toolCallID: "a"),
        ]
        guard case .text(let answer) = try turn(text, after: after) else { throw Unexpected() }
        return answer
    }

    private struct Unexpected: Error {}

    @Test(arguments: [
        ("Remember that my favorite apple is gala", "The User's favorite apple is gala"),
        ("Please remember that I like green tea.", "The User likes green tea"),
        ("remember: I'm allergic to nuts!", "The User is allergic to nuts"),
        ("JARVIS, remember this: my dog's name is Rex", "The User's dog's name is Rex"),
        ("Can you remember that I've never been to Rome?", "The User has never been to Rome"),
        ("Don't forget that I really hate mondays", "The User really hates mondays"),
        (
            "Keep in mind that I worked in Oslo, and that I study law.",
            "The User worked in Oslo, and that The User studies law"
        ),
        ("Note that the door code is 4711", "The door code is 4711"),
        ("I want you to remember that my sister told me a secret", "The User's sister told The User a secret"),
        ("Remember to call mom", "The User wants to call mom"),
        ("Do not forget: I don’t eat meat", "The User doesn't eat meat"),
        ("Hello, please remember I can swim and I go running", "The User can swim and The User goes running"),
    ])
    func `a request to remember stores the fact in the third person`(text: String, fact: String) throws {
        #expect(try call(text) == ["create_memory", "{\"memory_text\":\(fact.inJSON)}"])
        #expect(try turn(text) == turn(text))
    }

    @Test(arguments: [
        ("What is my favorite flavor of apple?", "The User favorite flavor of apple"),
        ("what's my dog's name", "The User dog's name"), ("Which apple is my favorite?", "apple is The User favorite"),
        ("Where do I live?", "The User live"), ("Do you remember what I like to drink?", "The User like to drink"),
        ("What do you know about me?", "The User"), ("How old is my cat?", "old is The User cat"),
        ("Am I allergic to nuts?", "The User allergic to nuts"), ("Tell me my shoe size.", "The User shoe size"),
        ("Who is my best friend? Thanks", "The User best friend? Thanks"), ("What is my name?", "The User name"),
    ])
    func `a question about the user looks for memories`(text: String, query: String) throws {
        #expect(try call(text) == ["recall_memory", "{\"query\":\(query.inJSON)}"])
    }

    @Test(arguments: [
        "Thank you!", "Hello!", "Hi, how are you?", "What is your name?", "Who are you?", "Goodbye", "yes", "Why?",
        "ok",
        "What did I say before?", "What was my first message?", "How many messages have I sent?", "Count to 5",
        "Why is my query slow?", "How do I keep pasta from sticking?", "What can I cook with eggs, rice and spinach?",
        "My back is stiff from sitting.", "I remember my first day at school.", "I can't remember where I put it.",
        "Remember?", "Remember that.", "", "?",
        "Repeat after me: web search",
        "What is the weather in Paris?", "Tell me of the other facts and conversations", "My name is Jörg.",
    ])
    func `small talk and other questions call no tool`(text: String) throws {
        #expect(try call(text) == nil)
    }

    @Test func `a name that was told in the conversation is not looked up`() throws {
        let before = [
            Inference.Message(role: .user, content: "My name is Jörg."), .init(role: .assistant, content: "Hi."),
        ]
        guard case .text(let text) = try turn("What is my name?", before: before) else { throw Unexpected() }
        #expect(text == "You told me that your name is Jörg.")
    }

    @Test func `without the memory tools it answers with a text`() throws {
        for text in ["Remember that my favorite apple is gala", "What is my favorite flavor of apple?"] {
            #expect(try call(text, tools: "[]") == nil)
        }
    }

    @Test(arguments: [
        ("What's the weather at 52.52, 13.41?", "get_weather", #"{"latitude":"52.52","longitude":"13.41"}"#),
        ("Search the web for gala apples", "web_search", #"{"query":"gala apples"}"#),
        ("Generate an image of a red apple", "generate_image", #"{"prompt":"Generate an image of a red apple"}"#),
        ("Tell me a joke", "JokeDelivery", "{\"text\":\(DemoJoke.all[0].inJSON)}"),
    ])
    func `other tools are called for what they do`(text: String, name: String, arguments: String) throws {
        #expect(try call(text) == [name, arguments])
    }

    @Test(arguments: [
        ("[\n  \"The user prefers gala apples\"\n]", "I remember: The user prefers gala apples."),
        ("[]", "I have no memory of that."),
        (#"["The User's favorite color is red"]"#, "I have no memory that answers this."),
        (#"["The User lives in Rome","Gala is an apple of The User!"]"#, "I remember: Gala is an apple of The User!"),
        (
            "This function either does not exist, or the parameters provided were invalid.",
            "answered: This function either"
        ),
        ("[1]", "answered: [1]"), ("", "answered nothing"),
    ])
    func `the answer is made from the memories, or says that there are none`(result: String, words: String) throws {
        let arguments = #"{"query":"The User favorite flavor of apple"}"#
        let text = try answer("What is my favorite flavor of apple?", "recall_memory", arguments, result: result)
        #expect(text.contains(words))
        #expect(text.contains("gala") == result.contains("gala"))
        // The first reply introduces the demo model.
        #expect(text.hasPrefix("(This is Parley's built-in demo model"))
    }

    @Test func `a question without a subject gets all memories`() throws {
        let result = #"["The User likes tea","The User lives in Rome"]"#
        let text = try answer("What do you know about me?", "recall_memory", #"{"query":"The User"}"#, result: result)
        #expect(text.hasSuffix("I remember: The User likes tea. The User lives in Rome."))
    }

    @Test func `a stored fact is confirmed, and a failure is reported`() throws {
        let arguments = #"{"memory_text":"The User likes tea"}"#
        let question = "Remember that I like tea"
        let stored = try answer(question, "create_memory", arguments, result: "New memory created and indexed: 7")
        #expect(stored.hasSuffix("I will remember: The User likes tea."))
        let failed = try answer(question, "create_memory", arguments, result: "The tool failed: The disk is full.")
        #expect(failed.hasSuffix("The tool create_memory answered: The tool failed: The disk is full."))
    }

    @Test(arguments: [
        String(repeating: "remember ", count: 50_000), "remember " + String(repeating: "I ", count: 50_000),
        "what is my " + String(repeating: "a", count: 100_000), "Remember that 😀👩‍🍳", "remember that \u{0}\u{1}",
        "Remember İ my",
        "don't", "do not", "keep in", "is my", "my", "remember my", "what is my", "what is my?",
    ])
    func `any message gets a short call or a text`(text: String) throws {
        if let call = try call(text) { #expect(call[1].utf8.count < 4000) }
    }
}
