import Bus
import Contracts
import ContractsJSON
import Foundation
import JSON
import NIOCore
import NIOFoundationCompat
import Testing

/// Handwritten encoders and decoders agree with `Codable`.
struct HandwrittenJSONTests {
    private static let texts = [
        "", "plain", "\"\\/\n\r\t\u{0}\u{1F}\u{7F}", "é你😀\u{2028}", String(repeating: "a\"", count: 5000),
        "seven77\"", "eight888\\", "exactly16bytes..", "\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}",
    ]

    @Test(arguments: texts)
    func `a message has the same JSON as with Codable`(text: String) throws {
        let content = Message.Content(
            kind: .audio,
            text: text,
            mediaURLs: [text, "b"],
            audioURL: text,
            audioSeconds: 7
        )
        let message = Message(
            id: Message.ID(),
            role: .assistant,
            content: content,
            status: .interrupted,
            parent: Message.ID(),
            run: Run.ID(),
            tokenCount: -3,
            createdAt: .now()
        )
        try compare(message)
        try compare(Message.Content(text: text))
        try compare(Inference.Message(role: .system, content: text))
        try compare(Run.Event(number: 1, userMessage: message))
        try compare(Run.Event(number: .max, text: text))
        try compare(Run.Event(number: 2, reasoning: text))
        try compare(Inference.Event(text: text))
        try compare(Fault(.full, text, retryAfter: 3))
        try compare(Fault(.cut, text))
    }

    @Test func `the end of a run has the same JSON as with Codable, with all members and with none`() throws {
        let usage = Usage(promptTokens: 1, completionTokens: 0, isEstimated: true)
        let end = Run.End(
            status: .failed,
            assistantMessage: nil,
            model: "ollama/a\"b",
            usage: usage,
            context: Run.ContextReport(messagesUsed: 1, messagesLeftOut: 2, tokensEstimated: 3, window: 4),
            timing: Run.Timing(queue: 0.1, firstToken: nil, upstream: 1e-7, total: 123_456_789.25),
            fault: Fault(.provider, "It said no.")
        )
        try compare(end)
        var remembered = end
        remembered.context?.memories = [
            Memory.Excerpt(id: Memory.ID(), text: "\"tea\"\n"), Memory.Excerpt(id: Memory.ID(), text: ""),
        ]
        try compare(remembered)
        try compare(Run.End(status: .stopped, assistantMessage: nil))
        try compare(Run.Timing(queue: 1, firstToken: 2.5, upstream: 0, total: -1))
        try compare(Inference.Event(finish: .init(reason: .contentFilter, model: "demo/demo", usage: usage)))
        try compare(Inference.Event(finish: .init(reason: .length, model: "demo/demo", usage: nil)))
    }

    @Test func `a step and the options of a run have the same JSON as with Codable`() throws {
        var step = Message(
            id: Message.ID(),
            role: .tool,
            content: Message.Content(text: "12 °C"),
            status: .completed,
            parent: Message.ID(),
            run: Run.ID(),
            tokenCount: nil,
            createdAt: .now()
        )
        (step.toolCallID, step.name, step.isRead) = ("call_1", "weather", false)
        try compare(Run.Event(number: 5, step: step))
        step.toolCalls = [Inference.ToolCall(id: "call_1", name: "weather", arguments: "{\"city\":\"Oslo\"}")]
        try compare(Run.Event(number: 4, step: step))
        var start = Runs.Start(conversation: Conversation.ID(), content: nil, key: "k")
        try compare(start)
        start.options = Run.Options()
        try compare(start)
        start.options = Run.Options(
            model: "demo/demo",
            maxTokens: 7,
            stop: ["\n", "END"],
            temperature: 0.25,
            seed: -1,
            topP: 1,
            tools: ["recall_memory", "get_weather"]
        )
        try compare(start)
    }

    @Test func `a persona has the same JSON as with Codable, and its traits keep their order`() throws {
        var persona = Persona(
            id: Persona.ID(),
            name: "maya",
            displayName: "M\"aya",
            avatarURL: "/a",
            description: "d",
            category: "c",
            greeting: "g",
            suggestedMessages: ["s", ""],
            createdAt: .now(),
            status: .comingSoon,
            tools: ["t"]
        )
        try compare(persona)
        persona.conversationCount = 3
        let traits = RawJSON(#"{"energy":"warm"}"#)
        try compare(Personas.Inspected(persona: persona, instructions: "You are\nMaya.", traits: traits))
        var profile = Personas.Profile()
        try compare(profile)
        (profile.name, profile.displayName, profile.avatarURL, profile.description) = ("n", "d", "/a", "")
        (profile.category, profile.instructions, profile.traits, profile.greeting) = ("c", "i", traits, "g")
        (profile.suggestedMessages, profile.status, profile.tools) = (["s"], .discontinued, [])
        try compare(profile)
        try compare(Personas.Create(profile: profile))
        try compare(Personas.Create(profile: profile, key: "k"))
        try compare(Personas.Change(id: persona.id, profile: profile))
        profile.traits = RawJSON(#"{"z":1, "a":[ "b" ],"m":0.50}"#)
        let sent = try BusCoding.encode(Personas.Create(profile: profile))
        #expect(try BusCoding.decode(Personas.Create.self, from: sent).profile.traits == profile.traits)
    }

    @Test func `a page without a next one has no member for it`() throws {
        let last = try BusCoding.encode(Page(items: ["a"], total: 1))
        #expect(!String(buffer: last).contains("next"))
        let page = Page(items: ["a"], total: 2, next: "b")
        #expect(try BusCoding.decode(Page<String>.self, from: BusCoding.encode(page)) == page)
    }

    @Test func `JSON in another format is decoded by Codable`() throws {
        let spaced = #"{ "text" : null, "finish": {"usage":null,"model":"m","reason":"stop","more":[{"a":1}]} }"#
        let event = try BusCoding.decode(Inference.Event.self, from: ByteBuffer(string: spaced))
        #expect(event == Inference.Event(finish: .init(reason: .stop, model: "m", usage: nil)))
    }

    @Test(arguments: [
        (#"{"role":"user"}"#, "`content` is missing."),
        (#"{"role":"user","content":5}"#, "`content` has the wrong type."),
        (#"{"role":"nobody","content":""}"#, "`role` is not valid."), (#"{"role":"user","content":"#, "not valid JSON"),
        (#"{"role":"user","content":"\u12"}"#, "not valid JSON"),
    ])
    func `an error names the invalid key`(text: String, reason: String) {
        let fault = #expect(throws: Fault.self) {
            _ = try BusCoding.decode(Inference.Message.self, from: ByteBuffer(string: text))
        }
        #expect(fault?.message.contains(reason) == true, "\(fault?.message ?? "")")
    }

    @Test func `truncated and corrupted JSON never causes a read beyond the end`() throws {
        let whole = Array(String(buffer: try BusCoding.encode(Fault(.cut, "a\\\"b\u{1}é", retryAfter: 3))).utf8)
        for end in 0..<whole.count {
            let cut = ByteBuffer(bytes: whole[..<end])
            #expect(throws: Fault.self) { _ = try BusCoding.decode(Fault.self, from: cut) }
        }
        for index in whole.indices {
            for byte in [0x00, 0x22, 0x5C, 0x7B, 0x80, 0xFF] as [UInt8] {
                var bytes = whole
                bytes[index] = byte
                do { _ = try BusCoding.decode(Fault.self, from: ByteBuffer(bytes: bytes)) } catch is Fault {}
            }
        }
    }

    private func compare<Value: Codable & Equatable & JSONWritable & JSONReadable>(_ value: Value) throws {
        let byHand = BusCoding.write(value)
        let byLibrary = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(Value.self, from: Data(buffer: byHand)) == value)
        let (one, other) = (try tree(Data(buffer: byHand)), try tree(byLibrary))
        #expect(one == other)
        let read = try byLibrary.withUnsafeBytes { bytes in
            var json = JSONScanner(bytes)
            let read = try Value(from: &json)
            try json.end()
            return read
        }
        #expect(read == value)
    }

    private func tree(_ data: Data) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
    }
}
