/// What a message asks of the memory tools.
enum DemoMemoryRequest: Equatable {
    /// To store a fact: `The User's favorite apple is gala`.
    case store(String)
    /// To find facts: `The User favorite flavor of apple`.
    case find(String)

    /// Maximum length of a fact or a query, in characters.
    private static let limit = 400

    /// The name of the tool.
    var tool: String {
        switch self {
        case .store: "create_memory"
        case .find: "recall_memory"
        }
    }

    /// The required argument of the tool.
    var argument: (name: String, value: String) {
        switch self {
        case .store(let fact): ("memory_text", fact)
        case .find(let query): ("query", query)
        }
    }

    /// Returns `nil` for a message that asks neither.
    init?(_ message: DemoMessage) {
        let words = message.text.split(whereSeparator: \.isWhitespace)
        let plain = words.map { DemoPerspective.plain(String($0).trimmingEnd(of: ".,;:!?")) }
        if let fact = Self.fact(message, words, plain) {
            self = .store(fact)
        } else if Self.isQuestionAboutUser(message, plain) {
            self = .find(Self.query(words, plain))
        } else {
            return nil
        }
    }

    // MARK: To store

    private static let openings = [
        ["remember"], ["memorize"], ["memorise"], ["don't", "forget"], ["do", "not", "forget"], ["never", "forget"],
        ["keep", "in", "mind"], ["make", "a", "note"], ["note", "that"],
    ]

    private static func fact(_ message: DemoMessage, _ words: [Substring], _ plain: [String]) -> String? {
        let isRequest = plain.first.map { ["can", "could", "will", "would"].contains($0) } ?? false
        guard isRequest || !message.text.hasSuffix("?") else { return nil }
        for opening in openings {
            let starts = plain.indices.dropLast(opening.count - 1)
            guard let start = starts.first(where: { plain[$0...].starts(with: opening) }) else { continue }
            guard start == 0 || !isStatement(before: plain[start - 1], isRequest: isRequest) else { continue }
            var rest = words[(start + opening.count)...]
            // In `remember this: …` the fact follows the colon.
            if let colon = rest.prefix(3).firstIndex(where: { $0.hasSuffix(":") }) { rest = rest[(colon + 1)...] }
            if rest.first?.lowercased() == "that" { rest = rest.dropFirst() }
            let isPlan = rest.first?.lowercased() == "to"
            let text = DemoPerspective.statement(isPlan ? ["I", "want"] + rest : Array(rest))
            let fact = String(text.prefix(limit)).trimmingEnd(of: ".!? ")
            return ["", "This", "It", "That", "The User"].contains(fact) ? nil : fact
        }
        return nil
    }

    /// Whether the word before `remember` shows that somebody remembers something: `I remember`, `do you remember`.
    private static func isStatement(before word: String, isRequest: Bool) -> Bool {
        if word == "you" { return !isRequest }
        return [
            "i", "we", "they", "he", "she", "who", "don't", "can't", "cannot", "didn't", "couldn't", "not", "still",
            "barely",
            "hardly",
        ].contains(word)
    }

    // MARK: To find

    /// Words after which `my` begins what is asked for.
    private static let linkingWords: Set<String> = [
        "is", "are", "was", "were", "what's", "who's", "where's", "when's", "which", "know", "remember", "recall",
    ]

    private static func isQuestionAboutUser(_ message: DemoMessage, _ plain: [String]) -> Bool {
        if message.contains(
            "do you remember",
            "what do you remember",
            "what do you know about me",
            "what did i tell you",
            "what have i told you",
            "recall my",
            "recall what i",
            "remind me of my",
            "remind me what my",
            "remind me what i",
            "tell me my",
            "tell me what my"
        ) {
            return true
        }
        let isAboutConversation = [.previousMessage, .firstMessage, .messageCount].contains(DemoIntent(message))
        guard message.isQuestion, !isAboutConversation, !asksForAdvice(plain) else { return false }
        let asksForPossession = zip(plain, plain.dropFirst()).contains { linkingWords.contains($0) && $1 == "my" }
        return asksForPossession
            || message.contains(
                "do i like",
                "do i love",
                "do i hate",
                "do i prefer",
                "do i own",
                "do i live",
                "do i work",
                "do i drink",
                "do i eat",
                "do i play",
                "do i speak",
                "am i allergic",
                "was i born"
            )
    }

    /// Whether the question is about reasons or ways, which memories do not answer.
    private static func asksForAdvice(_ plain: [String]) -> Bool {
        guard let first = plain.first else { return false }
        let measures: Set<String> = ["old", "tall", "many", "much", "big", "long", "heavy"]
        return first == "why" || (first == "how" && !(plain.dropFirst().first.map(measures.contains) ?? false))
    }

    private static let openingWords: Set<String> = [
        "what", "what's", "which", "who", "who's", "where", "where's", "when", "when's", "how", "do", "does", "did",
        "is",
        "are", "was", "were", "am", "can", "could", "you", "tell", "please", "remember", "recall", "know", "remind",
        "about", "of", "that", "hey", "hi", "hello", "and", "so",
    ]

    /// The words of the question without those that only ask.
    private static func query(_ words: [Substring], _ plain: [String]) -> String {
        let start = plain.indices.first { index in
            let isObject = ["tell", "remind"].contains(index > 0 ? plain[index - 1] : "") && plain[index] == "me"
            return !openingWords.contains(plain[index]) && !isObject
        }
        let asked = DemoPerspective.query(words[(start ?? words.count)...].prefix(60))
        let query = String(asked.prefix(limit)).trimmingEnd(of: ".!? ")
        return query.isEmpty ? "The User" : query
    }
}
