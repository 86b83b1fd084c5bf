/// Splits texts into the words by which memories are found.
///
/// Pure functions. A word is a run of letters, digits and marks, without case and accents; `c++` and `c#` are words beside
/// `c`, and each emoji and other symbol is a word. Scripts that are written without blanks, such as Chinese, Japanese, Korean
/// and Thai, are indexed by characters and by pairs of adjacent characters. No character of a text has a meaning for the
/// search.
enum MemoryWords {
    /// Maximum number of words of a query.
    static let queryLimit = 24

    /// The hashes of all words of a memory, each once.
    static func index(of text: String) -> [Int64] {
        var hashes: Set<Int64> = []
        forEachWord(in: text, isQuery: false) { word, _ in
            hashes.insert(hash(of: word))
            return true
        }
        return Array(hashes)
    }

    /// Returns the words of a query, each once, in order.
    ///
    /// `includesCommon` decides whether words such as `the` are searched if there are no others.
    static func query(_ text: String, includesCommon: Bool) -> [Int64] {
        var (rare, common): ([Int64], [Int64]) = ([], [])
        var seen: Set<Int64> = []
        forEachWord(in: text, isQuery: true) { word, isSpaceless in
            let hash = hash(of: word)
            guard seen.insert(hash).inserted else { return true }
            if CommonWords.contains(word, isSpaceless: isSpaceless) { common.append(hash) } else { rare.append(hash) }
            return rare.count < queryLimit
        }
        return rare.isEmpty && includesCommon ? Array(common.prefix(queryLimit)) : rare
    }

    private static func hash(of word: String) -> Int64 {
        FoldedText.hash(FoldedText.plainLetters(word).utf8)
    }

    /// Calls `body` with each word, which has its accents, and whether its script is written without blanks, until it
    /// returns `false`.
    private static func forEachWord(in text: String, isQuery: Bool, _ body: (String, Bool) -> Bool) {
        var splitter = WordSplitter(isQuery: isQuery)
        for scalar in FoldedText.fold(text).unicodeScalars {
            guard splitter.append(scalar, body) else { return }
        }
        _ = splitter.finish(body)
    }
}

/// The state of splitting a text into words.
private struct WordSplitter {
    let isQuery: Bool
    private var word = String.UnicodeScalarView()
    /// `+` or `#` directly after the word.
    private var suffix = String.UnicodeScalarView()
    private var isSpaceless = false

    init(isQuery: Bool) {
        self.isQuery = isQuery
    }

    mutating func append(_ scalar: Unicode.Scalar, _ body: (String, Bool) -> Bool) -> Bool {
        if Self.isVariationSelector(scalar) { return true }
        if Self.isSymbol(scalar) { return finish(body) && body(String(scalar), false) }
        if Self.isWordScalar(scalar) {
            let isOther = !word.isEmpty && (Self.isSpaceless(scalar) != isSpaceless || !suffix.isEmpty)
            if isOther, !finish(body) { return false }
            isSpaceless = Self.isSpaceless(scalar)
            word.append(scalar)
            return true
        }
        if scalar == "+" || scalar == "#", !word.isEmpty, !isSpaceless, suffix.count < 3 {
            suffix.append(scalar)
            return true
        }
        return finish(body)
    }

    /// Ends the current word.
    mutating func finish(_ body: (String, Bool) -> Bool) -> Bool {
        defer {
            word = String.UnicodeScalarView()
            suffix = String.UnicodeScalarView()
        }
        guard !word.isEmpty else { return true }
        if isSpaceless { return finishSpaceless(body) }
        guard suffix.isEmpty else {
            // A query for `c++` does not find every `c`.
            return (isQuery || body(String(word), false)) && body(String(word) + String(suffix), false)
        }
        return body(String(word), false)
    }

    private func finishSpaceless(_ body: (String, Bool) -> Bool) -> Bool {
        let scalars = Array(word)
        if !isQuery || scalars.count == 1 {
            for scalar in scalars where !body(String(scalar), true) { return false }
        }
        for (first, second) in zip(scalars, scalars.dropFirst()) {
            guard body(String(first) + String(second), true) else { return false }
        }
        return true
    }

    private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .otherSymbol && !isSpaceless(scalar)
    }

    /// Whether a scalar only chooses between forms of the one before it, such as a red heart and a black one.
    private static func isVariationSelector(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isVariationSelector
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        if isSpaceless(scalar), scalar.properties.generalCategory == .otherSymbol { return true }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    /// Whether the script of a letter is written without blanks between words, or with endings joined to them.
    ///
    /// The letters of flags belong in pairs, too.
    private static func isSpaceless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0E00...0x0FFF, 0x1000...0x109F, 0x1100...0x11FF, 0x1780...0x17FF, 0x2E80...0x2FDF, 0x3005...0x3007,
            0x3040...0x31BF, 0x31F0...0x31FF, 0x3400...0x9FFF, 0xA960...0xA97F, 0xAC00...0xD7FF, 0xF900...0xFAFF,
            0x1F1E6...0x1F1FF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }
}
