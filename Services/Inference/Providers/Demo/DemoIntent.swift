/// The intent of a message to the demo model, derived from keywords.
enum DemoIntent: Equatable {
    case nothing
    case greeting
    case farewell
    case thanks
    case name
    case nature
    case abilities
    case introduction(String)
    case ownName
    case previousMessage
    case firstMessage
    case messageCount
    case counting(ClosedRange<Int>)
    case repetition(String)
    case joke
    case followUp
    case question
    case statement

    /// Whether the message is talk that needs no tool.
    var isSmallTalk: Bool {
        switch self {
        case .joke, .question, .statement: false
        default: true
        }
    }

    init(_ message: DemoMessage) {
        self =
            Self.conversationQuestion(message) ?? Self.speakerQuestion(message) ?? Self.task(message)
            ?? Self.courtesy(message) ?? (message.isQuestion ? .question : .statement)
    }

    private static func conversationQuestion(_ message: DemoMessage) -> DemoIntent? {
        if message.text.isEmpty { return .nothing }
        if message.contains("how many messages", "how many questions", "how many times have i") { return .messageCount }
        let isAboutSaying = message.contains(
            "did i say",
            "did i just say",
            "did i tell",
            "did i ask",
            "did i just ask",
            "i said before",
            "i say before",
            "was my question",
            "was my message",
            "my previous message",
            "my last message",
            "my last question",
            "my previous question",
            "my first message",
            "my first question",
            "do you remember what i",
            "repeat what i said"
        )
        guard isAboutSaying else { return nil }
        return message.contains("first", "in the beginning", "at the start") ? .firstMessage : .previousMessage
    }

    private static func speakerQuestion(_ message: DemoMessage) -> DemoIntent? {
        if message.contains("my name") && message.isQuestion || message.contains("who am i") { return .ownName }
        if let name = message.introducedName { return .introduction(name) }
        if message.contains("your name", "are you called") { return .name }
        let isAboutNature = message.contains(
            "who are you",
            "what are you",
            "are you a bot",
            "are you a robot",
            "are you an ai",
            "are you ai",
            "are you human",
            "are you a human",
            "are you real",
            "are you a real",
            "are you a person",
            "are you a model",
            "which model",
            "what model",
            "are you chatgpt",
            "a language model"
        )
        if isAboutNature { return .nature }
        if message.contains("what can you do", "can you help", "help me") && message.lowercasedWords.count <= 5 {
            return .abilities
        }
        return message.lowercasedWords == ["help"] ? .abilities : nil
    }

    private static func task(_ message: DemoMessage) -> DemoIntent? {
        for phrase in ["repeat after me", "repeat", "echo"]
        where message.lowercasedWords.starts(with: phrase.plainWords) {
            let rest = message.words.dropFirst(phrase.plainWords.count).joined(separator: " ")
            if !rest.isEmpty { return .repetition(rest) }
        }
        if message.contains("tell me a joke", "tell a joke", "another joke", "know a joke", "know any jokes") {
            return .joke
        }
        guard message.contains("count to", "count from", "count up to") else { return nil }
        let numbers = message.lowercasedWords.compactMap { Int($0) }.filter { (0...1_000_000).contains($0) }
        guard let last = numbers.last else { return nil }
        let first = numbers.count > 1 ? numbers[numbers.count - 2] : min(1, last)
        guard first <= last else { return nil }
        return .counting(first...min(last, first + 99))
    }

    private static func courtesy(_ message: DemoMessage) -> DemoIntent? {
        guard let first = message.lowercasedWords.first, message.lowercasedWords.count <= 6 else { return nil }
        if message.contains("thank you", "thanks", "thx", "merci", "danke", "gracias") { return .thanks }
        if message.contains("bye", "goodbye", "see you", "good night", "farewell") { return .farewell }
        if message.contains("good morning", "good evening", "good afternoon", "good day") { return .greeting }
        if ["hi", "hello", "hey", "hallo", "hola", "salut", "bonjour", "moin", "greetings"].contains(first) {
            return message.lowercasedWords.count <= 3 ? .greeting : nil
        }
        let isFollowUp = message.contains(
            "why",
            "go on",
            "continue",
            "tell me more",
            "more",
            "and then",
            "what else",
            "how so",
            "ok",
            "okay",
            "yes",
            "no",
            "sure",
            "really",
            "and"
        )
        return isFollowUp && message.lowercasedWords.count <= 4 ? .followUp : nil
    }
}

extension DemoMessage {
    /// The name in `my name is …` or `call me …`.
    var introducedName: String? {
        let rest = words(after: "my name is") ?? words(after: "my name's") ?? words(after: "call me")
        return rest?.first.map { String($0.prefix(40)) }
    }
}

extension String {
    fileprivate var plainWords: [String] { split(separator: " ").map(String.init) }
}
