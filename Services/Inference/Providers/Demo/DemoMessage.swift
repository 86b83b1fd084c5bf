/// The beginning of a message, split into words.
struct DemoMessage {
    /// How much of a message is used, in characters and in bytes.
    private static let characterLimit = 2000
    private static let byteLimit = 8192

    /// The message without surrounding white space.
    let text: String
    /// Its words as written.
    let words: [String]
    /// Its words in lowercase.
    let lowercasedWords: [String]
    /// The lowercase words with a space before, between and after them, for searching.
    private let line: String

    init(_ message: String) {
        text = message.prefix(bytes: Self.byteLimit).prefix(Self.characterLimit).trimmed
        words = text.split { !($0.isLetter || $0.isNumber || $0 == "'" || $0 == "’" || $0 == "-") }.map(String.init)
        lowercasedWords = words.map { $0.lowercased().replacing("’", with: "'") }
        line = " \(lowercasedWords.joined(separator: " ")) "
    }

    /// Whether the message is a question, judged by question marks and its first word.
    var isQuestion: Bool {
        text.contains { "?？؟".contains($0) } || lowercasedWords.first.map { Self.questionWords.contains($0) } == true
    }

    /// Whether the message contains one of the phrases as whole words.
    func contains(_ phrases: String...) -> Bool {
        phrases.contains { line.contains(bytes: " \($0) ") }
    }

    /// The words after a phrase, as written; `nil` if the message does not contain the phrase.
    func words(after phrase: String) -> ArraySlice<String>? {
        let wanted = phrase.split(separator: " ").map(String.init)
        guard lowercasedWords.count >= wanted.count else { return nil }
        let start = (0...(lowercasedWords.count - wanted.count)).first { start in
            lowercasedWords[start...].starts(with: wanted)
        }
        return start.map { words[($0 + wanted.count)...] }
    }

    /// Its lowercase words without filler words.
    var subjects: [String] { lowercasedWords.filter { !Self.fillers.contains($0) } }

    /// Up to six words that are not filler words; the quoted message if there are none.
    var topic: String {
        let telling = Array(zip(words, lowercasedWords).lazy.filter { !Self.fillers.contains($0.1) }.map(\.0).prefix(6))
        return telling.isEmpty ? quotation : telling.joined(separator: " ")
    }

    /// The message in quotation marks, shortened.
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
