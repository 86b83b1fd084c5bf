import Contracts

/// What the demo model answers: a pure function of the persona, the message and the history.
struct DemoReply {
    private let persona: DemoPersona
    private let message: DemoMessage
    /// What the user said before, oldest first.
    private let earlier: [DemoMessage]
    private let isFirst: Bool
    /// What was sent along, in a sentence.
    private let attachmentDescription: String?
    /// What the tools said that were called last, by their names.
    private let toolResults: [(tool: String, text: String)]
    private let seed: Int

    init(messages: [Inference.Message], seed: Int = 0) {
        persona = DemoPersona(messages)
        let last = messages.last { $0.role == .user }
        // To instructions alone it answers as to a greeting: it says who it is.
        let isAsked = messages.isEmpty || messages.contains { !$0.role.isInstruction }
        message = DemoMessage(last?.text ?? (isAsked ? "" : "Hello"))
        earlier = messages.filter { $0.role == .user }.dropLast().map { DemoMessage($0.text) }
        // An assistant's message before any of the user's is the greeting.
        let talk = messages.drop { $0.role != .user }
        isFirst = !talk.contains { $0.role == .assistant && !$0.text.isEmpty }
        attachmentDescription = DemoAttachments.describe(last)
        toolResults = Self.toolResults(messages)
        self.seed = seed
    }

    /// The whole answer.
    var text: String {
        guard isFirst else { return answer }
        let speaker = persona.name.map { ", speaking as \($0)" } ?? ""
        return "(This is Parley's built-in demo model\(speaker): a small program, not a real language model. "
            + "It follows the conversation, but it knows nothing of the world.) \(answer)"
    }

    /// What stands at the end of a conversation that waits for the tools' results to be told.
    private static func toolResults(_ messages: [Inference.Message]) -> [(tool: String, text: String)] {
        let calls = messages.flatMap { $0.toolCalls ?? [] }
        return messages.reversed().prefix { $0.role == .tool }.reversed().map { message in
            let name = message.name ?? calls.last { $0.id == message.toolCallID }?.function.name
            return (name ?? "I called", message.text)
        }
    }

    private var answer: String {
        if !toolResults.isEmpty {
            return toolResults.map { finding in
                let text = finding.text.trimmed
                let shown = text.count > 600 ? String(text.prefix(600)) + "…" : text
                return text.isEmpty
                    ? "The tool \(finding.tool) answered nothing." : "The tool \(finding.tool) answered: \(shown)"
            }
            .joined(separator: "\n")
        }
        if let attachmentDescription {
            return message.text.isEmpty
                ? attachmentDescription : "\(attachmentDescription) You wrote: \(message.quotation)."
        }
        return reply
    }

    private var reply: String {
        switch DemoIntent(message) {
        case .nothing: "You sent me an empty message. Ask me something, or tell me what is on your mind."
        case .greeting: "Hello\(userName.map { ", \($0)" } ?? "")! \(introduction) What shall we talk about?"
        case .farewell: "Goodbye\(userName.map { ", \($0)" } ?? "")! \(summary)"
        case .thanks: "You are welcome\(userName.map { ", \($0)" } ?? ""). Is there anything else?"
        case .name: "My name here is \(persona.name ?? "Demo"); behind it is Parley's built-in demo model, demo/demo."
        case .nature: nature
        case .abilities: abilities
        case .introduction(let name): "Nice to meet you, \(name). I shall remember your name in this conversation."
        case .ownName: userName.map { "You told me that your name is \($0)." } ?? "You have not told me your name yet."
        case .previousMessage: recall(earlier.last, "Just before that you said")
        case .firstMessage: recall(earlier.first, "The first thing that you said to me was")
        case .messageCount: count
        case .counting(let range): range.map(String.init).joined(separator: ", ") + "."
        case .repetition(let words): words
        case .followUp: followUp
        case .question: "You ask about \(message.topic). \(persona.subject) \(opinion)\(bridge)"
        case .statement: "You tell me: \(message.quotation). \(persona.subject) \(curiosity)\(bridge)"
        }
    }

    private var introduction: String {
        guard let name = persona.name else { return "I am Parley's built-in demo model." }
        return "I am \(name)\(persona.role.map { ", \($0)" } ?? "")."
    }

    private var nature: String {
        "I am Parley's built-in demo model, demo/demo\(persona.name.map { ", and I speak as \($0)" } ?? ""). "
            + "I run inside Parley without any network. Connect Ollama or another provider to talk with a real model."
    }

    private var abilities: String {
        let field = persona.expertise.map { " We can talk about \($0)." } ?? ""
        return "I can greet you, remember what you said in this conversation, count, repeat after you, and ask back."
            + field
    }

    private var summary: String {
        earlier.last.map { "We last spoke about \($0.topic)." } ?? "Come back whenever you like."
    }

    private var count: String {
        earlier.isEmpty
            ? "This is your first message to me." : "You have sent me \(earlier.count + 1) messages, this one included."
    }

    private var followUp: String {
        guard let topic = lastTopic else { return "We have only just begun. What would you like to talk about?" }
        return "Let us stay with \(topic). \(persona.subject) \(persistence)"
    }

    private var persistence: String {
        choose(from: [
            "would ask first what you expect of it.",
            "would look at one small part of it before the rest.",
            "would like to know what made you think of it.",
        ])
    }

    private var opinion: String {
        choose(from: [
            "would begin with what you already know about it. What have you tried so far?",
            "would look for the simplest thing that could work. What matters most to you in it?",
            "would first want to know what it is for. What should come out in the end?",
        ])
    }

    private var curiosity: String {
        choose(from: [
            "would like to hear more about that. How did it come about?",
            "take that in. What would you like to do with it?",
            "wonder what it means to you. Which part of it matters most?",
        ])
    }

    /// A look back to what was said before, so that a conversation hangs together.
    private var bridge: String {
        guard let topic = lastTopic else { return "" }
        return " Earlier we spoke about \(topic); tell me if the two belong together."
    }

    /// What the newest earlier message with a topic of its own was about.
    private var lastTopic: String? {
        let withoutFillers = earlier.last { [.question, .statement].contains(DemoIntent($0)) }
        return withoutFillers.map(\.topic).flatMap { $0 == message.topic ? nil : $0 }
    }

    private var userName: String? {
        earlier.last { $0.introducedName != nil }?.introducedName
    }

    private func recall(_ earlier: DemoMessage?, _ opening: String) -> String {
        guard let earlier else { return "Before this you have said nothing to me: it is your first message." }
        return earlier.text.isEmpty ? "\(opening) nothing: the message was empty." : "\(opening): \(earlier.quotation)."
    }

    /// One of several, always the same for the same message and seed.
    private func choose(from choices: [String]) -> String {
        var hash = UInt64(bitPattern: Int64(seed)) ^ 0xCBF2_9CE4_8422_2325
        for byte in message.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return choices[Int(hash % UInt64(choices.count))]
    }
}
