import Contracts

/// A reply cut to what was allowed: before any stop text, and to so many words.
struct DemoCompletion {
    /// Its words, each with the white space before it: together they are the text.
    let words: [String]
    let reason: Inference.Finish.Reason

    init(_ text: String, options: Inference.Options) {
        let all = Self.words(of: Self.cut(text, before: options.stop ?? []))
        let limit = options.maxTokens ?? .max
        words = Array(all.prefix(max(limit, 0)))
        reason = all.count > limit ? .length : .stop
    }

    private static func cut(_ text: String, before stops: [String]) -> String {
        let ends = stops.filter { !$0.isEmpty }.compactMap { text.firstRange(of: $0)?.lowerBound }
        return ends.min().map { String(text[..<$0]) } ?? text
    }

    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        for character in text {
            if character.isWhitespace, word.contains(where: { !$0.isWhitespace }) {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        return word.isEmpty ? words : words + [word]
    }
}
