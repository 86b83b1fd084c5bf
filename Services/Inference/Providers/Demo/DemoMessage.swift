/// A message taken apart into words, as far as the demo model looks at it.
struct DemoMessage {
    /// No more of a message is looked at.
    private static let limit = 2000

    /// The message, without white space around it.
    let text: String
    /// Its words as they were written.
    let words: [String]
    /// Its words in small letters.
    let plain: [String]

    init(_ message: String) {
        text = message.prefix(Self.limit).trimmed
        words = text.split { !($0.isLetter || $0.isNumber || $0 == "'" || $0 == "’" || $0 == "-") }.map(String.init)
        plain = words.map { $0.lowercased().replacing("’", with: "'") }
    }

    /// Whether the message is a question by its mark or by its first word.
    var isQuestion: Bool {
        text.contains { "?？؟".contains($0) } || plain.first.map { Self.questionWords.contains($0) } == true
    }

    /// Whether any of these phrases stands in the message, whole words only.
    func contains(_ phrases: String...) -> Bool {
        let line = " \(plain.joined(separator: " ")) "
        return phrases.contains { line.contains(" \($0) ") }
    }

    /// The words after a phrase, as they were written; `nil` when it does not occur.
    func words(after phrase: String) -> ArraySlice<String>? {
        let wanted = phrase.split(separator: " ").map(String.init)
        guard plain.count >= wanted.count else { return nil }
        let start = (0...(plain.count - wanted.count)).first { Array(plain[$0..<($0 + wanted.count)]) == wanted }
        return start.map { words[($0 + wanted.count)...] }
    }

    /// What it is about: its telling words, at most six; a quotation where no words can be told apart.
    var topic: String {
        let withoutFillers = zip(words, plain).filter { !Self.fillers.contains($0.1) }.map(\.0)
        guard !withoutFillers.isEmpty else { return quotation }
        return withoutFillers.prefix(6).joined(separator: " ")
    }

    /// The message between quotation marks, shortened.
    var quotation: String {
        let line = text.split { $0.isNewline }.joined(separator: " ")
        return "“\(line.count > 160 ? String(line.prefix(160)) + "…" : line)”"
    }

    private static let questionWords: Set<String> = [
        "what", "what's", "why", "how", "who", "who's", "when", "where", "which", "can", "could", "do", "does", "did",
        "is", "are", "will", "would", "should", "may", "shall",
    ]

    private static let fillers = questionWords.union([
        "a", "an", "the", "and", "or", "but", "if", "of", "to", "in", "on", "at", "for", "with", "from", "by", "about",
        "as", "i", "i'm", "me", "my", "mine", "you", "your", "we", "us", "our", "it", "it's", "its", "this", "that",
        "there", "these", "those", "am", "was", "were", "be", "been", "have", "has", "had", "please", "tell", "explain",
        "some", "any", "so", "just", "really", "very", "not", "don't", "no", "yes", "give", "make", "help", "let",
        "know", "think", "want", "need", "like", "also", "then", "than", "more", "one", "get", "keep", "hi", "hello",
    ])
}
