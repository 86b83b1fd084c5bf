import Contracts

/// A reply, truncated at the first stop text and after the maximum number of tokens; a word counts as one token.
struct DemoCompletion {
    /// The words, each with the white space before it; joined they are the text.
    let words: [String]
    let reason: Inference.Finish.Reason

    init(_ text: String, options: Inference.Options) {
        let all = Self.words(of: Self.cut(text, before: options.stop ?? []))
        let limit = options.maxTokens ?? .max
        words = Array(all.prefix(max(limit, 0)))
        reason = all.count > limit ? .length : .stop
    }

    private static func cut(_ text: String, before stops: [String]) -> String {
        guard let end = stops.compactMap({ text.firstOffset(ofBytes: $0) }).min() else { return text }
        return String(text.prefix(bytes: end))
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
