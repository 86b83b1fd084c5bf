import Contracts

/// The text that the demo model replies with: a pure function of the persona, the message and the history.
struct DemoReply {
    /// How many earlier messages of the user are used.
    private static let historyLimit = 32

    private let persona: DemoPersona
    private let message: DemoMessage
    /// The user's first message, if it is not the current one.
    private let first: DemoMessage?
    /// The user's latest messages before the current one, oldest first.
    private let earlier: [DemoMessage]
    /// How many messages the user sent before the current one.
    private let earlierCount: Int
    private let isFirst: Bool
    /// A description of the attachments.
    private let attachmentDescription: String?
    /// The results at the end of the conversation.
    private let toolResults: [DemoToolResult]
    private let seed: Int

    init(messages: [Inference.Message], seed: Int = 0) {
        persona = DemoPersona(messages)
        let sent = messages.indices.filter { messages[$0].role == .user }
        let last = sent.last.map { messages[$0] }
        // Instructions alone are answered like a greeting.
        let isAsked = messages.isEmpty || messages.contains { !$0.role.isInstruction }
        message = DemoMessage(last?.text ?? (isAsked ? "" : "Hello"))
        earlier = sent.dropLast().suffix(Self.historyLimit).map { DemoMessage(messages[$0].text) }
        earlierCount = max(0, sent.count - 1)
        first = sent.count > 1 ? DemoMessage(messages[sent[0]].text) : nil
        // An assistant message before the first user message is a greeting.
        let talk = messages.drop { $0.role != .user }
        isFirst = !talk.contains { $0.role == .assistant && !$0.text.isEmpty }
        attachmentDescription = DemoAttachments.describe(last)
        toolResults = DemoToolResult.latest(in: messages)
        self.seed = seed
    }

    /// The whole reply.
    var text: String {
        guard isFirst else { return answer }
        let speaker = persona.name.map { ", speaking as \($0)" } ?? ""
        return "(This is Parley's built-in demo model\(speaker): a small program, not a real language model. "
            + "It follows the conversation, but it knows nothing of the world.) \(answer)"
    }

    private var answer: String {
        if !toolResults.isEmpty {
            return toolResults.map { $0.sentence(about: message) }.joined(separator: "\n")
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
        case .firstMessage: recall(first, "The first thing that you said to me was")
        case .messageCount: count
        case .counting(let range): range.map(String.init).joined(separator: ", ") + "."
        case .repetition(let words): words
        case .joke: joke
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

    /// A joke that was not told before, as far as the number of messages tells.
    var joke: String { DemoJoke.all[earlierCount % DemoJoke.all.count] }

    private var count: String {
        earlierCount == 0
            ? "This is your first message to me." : "You have sent me \(earlierCount + 1) messages, this one included."
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

    /// A sentence about the previous topic.
    private var bridge: String {
        guard let topic = lastTopic else { return "" }
        return " Earlier we spoke about \(topic); tell me if the two belong together."
    }

    /// The topic of the latest earlier question or statement, unless it is the current topic.
    private var lastTopic: String? {
        let latest = earlier.last { [.question, .statement].contains(DemoIntent($0)) }
        return latest.map(\.topic).flatMap { $0 == message.topic ? nil : $0 }
    }

    /// The name that the user told earlier in the conversation.
    var userName: String? {
        earlier.last { $0.introducedName != nil }?.introducedName
    }

    private func recall(_ earlier: DemoMessage?, _ opening: String) -> String {
        guard let earlier else { return "Before this you have said nothing to me: it is your first message." }
        return earlier.text.isEmpty ? "\(opening) nothing: the message was empty." : "\(opening): \(earlier.quotation)."
    }

    /// One of several texts, the same for the same message and seed.
    private func choose(from choices: [String]) -> String {
        var hash = UInt64(bitPattern: Int64(seed)) ^ 0xCBF2_9CE4_8422_2325
        for byte in message.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return choices[Int(hash % UInt64(choices.count))]
    }
}
