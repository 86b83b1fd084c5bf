/// Changes the first person of a text to "The User", as the instructions of seed 002 want it for memories.
enum DemoPerspective {
    /// Returns a statement: `my favorite apple is gala` becomes `The User's favorite apple is gala`, and `I like tea`
    /// becomes `The User likes tea`.
    static func statement(_ words: some Sequence<Substring>) -> String {
        var changed: [String] = []
        var expectsVerb = false
        for word in words {
            let (core, rest) = split(word)
            let plain = plain(core)
            if let replacement = replacements[plain] {
                changed.append(replacement + rest)
                expectsVerb = plain == "i"
            } else if expectsVerb, !adverbs.contains(plain) {
                changed.append(thirdPerson(core, plain) + rest)
                expectsVerb = false
            } else {
                changed.append(String(word))
            }
            if !rest.isEmpty { expectsVerb = false }
        }
        let text = changed.joined(separator: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    /// Returns words to search for: `my favorite apple` becomes `The User favorite apple`.
    static func query(_ words: some Sequence<Substring>) -> String {
        words.map { word in
            let (core, rest) = split(word)
            return replacements[plain(core)] == nil ? String(word) : "The User" + rest
        }
        .joined(separator: " ")
    }

    /// Splits a word from the punctuation after it.
    private static func split(_ word: Substring) -> (core: String, rest: String) {
        let core = String(word).trimmingEnd(of: ".,;:!?)\"")
        return (core, String(word.dropFirst(core.count)))
    }

    static func plain(_ word: some StringProtocol) -> String {
        word.lowercased().replacing("’", with: "'")
    }

    private static func thirdPerson(_ verb: String, _ plain: String) -> String {
        if let irregular = irregular[plain] { return irregular }
        if unchanged.contains(plain) || (plain.hasSuffix("ed") && !plain.hasSuffix("eed")) { return verb }
        if ["s", "x", "z", "ch", "sh", "o"].contains(where: plain.hasSuffix) { return verb + "es" }
        let isAfterVowel = plain.dropLast().last.map { "aeiou".contains($0) } ?? true
        return plain.hasSuffix("y") && !isAfterVowel ? verb.dropLast() + "ies" : verb + "s"
    }

    private static let replacements = [
        "i": "The User", "i'm": "The User is", "i've": "The User has", "i'll": "The User will", "i'd": "The User would",
        "me": "The User", "myself": "The User", "my": "The User's", "mine": "The User's",
    ]

    private static let irregular = [
        "am": "is", "have": "has", "do": "does", "don't": "doesn't", "haven't": "hasn't", "go": "goes",
    ]

    private static let adverbs: Set<String> = [
        "really", "always", "never", "often", "also", "usually", "just", "still", "only", "sometimes", "mostly",
        "rarely",
        "absolutely", "currently", "now", "both", "generally", "truly", "especially", "strongly",
    ]

    /// Verbs without an ending in the third person: modal verbs, and past tenses.
    private static let unchanged: Set<String> = [
        "can", "can't", "cannot", "could", "couldn't", "will", "won't", "would", "wouldn't", "should", "shouldn't",
        "must",
        "may", "might", "was", "wasn't", "were", "had", "hadn't", "did", "didn't", "went", "got", "made", "said", "saw",
        "came", "took", "ate", "drank", "bought", "left", "met", "grew", "wrote", "read", "knew", "thought", "found",
        "gave", "told", "felt", "kept", "began", "broke", "chose", "drove", "flew", "forgot", "lost", "sold", "spoke",
        "won", "taught", "slept", "spent", "sang", "swam", "built", "and", "or",
    ]
}
