/// Finds the part of a message that suits a text property, by the property's name.
struct DemoTextFinder {
    private static let places = ["city", "location", "place", "town", "country", "where", "address", "region"]
    private static let wholes = [
        "query", "question", "text", "content", "prompt", "message", "expression", "input", "body", "reply", "answer",
        "response", "summary", "description", "comment",
    ]
    private static let prepositions: Set<String> = [
        "in", "at", "for", "of", "about", "near", "to", "from", "on", "with",
    ]

    private let message: DemoMessage
    private let topic: String
    private let whole: String
    private let quoted: String?
    private let remembered: String?
    private let placePhrase: String?
    private let phrase: String?

    /// Searches the message once for all texts.
    init(_ message: DemoMessage) {
        self.message = message
        topic = message.text.isEmpty ? "nothing" : message.topic
        whole = Self.whole(message.text)
        quoted = Self.quoted(message.text)
        remembered = Self.rest(of: message.text, after: "remember that", "remember", "note that", "recall")
        placePhrase = Self.phrase(in: message.text, after: ["in", "at", "near", "for", "to"])
        phrase = Self.phrase(in: message.text, after: Self.prepositions)
    }

    /// The text for a property with a name and an optional JSON schema format.
    func text(for name: String, format: String?) -> String {
        if let format, let text = formatted(format) { return text }
        let name = name.prefix(bytes: 64).lowercased()
        func contains(oneOf words: [String]) -> Bool { words.contains { name.contains(bytes: $0) } }
        if let quoted { return quoted }
        if let remembered, !contains(oneOf: Self.places) { return remembered }
        if contains(oneOf: Self.places) { return placePhrase ?? message.topic }
        if name == "name" || name.hasSuffix("_name"), let introduced = message.introducedName { return introduced }
        if contains(oneOf: Self.wholes) { return whole }
        return phrase ?? topic
    }

    /// The message itself, shortened.
    private static func whole(_ text: String) -> String {
        guard !text.isEmpty else { return "nothing" }
        return text.count > 400 ? String(text.prefix(400)) + "…" : text
    }

    private func formatted(_ format: String) -> String? {
        let parts = message.text.split { $0.isWhitespace || ",;()<>\"".contains($0) }
            .map { String($0).trimmingEnd(of: ".?!") }
        return switch format {
        case "date": parts.first { Self.looksLikeDate($0) } ?? "1970-01-01"
        case "date-time": (parts.first { Self.looksLikeDate($0) } ?? "1970-01-01") + "T00:00:00Z"
        case "time": "00:00:00Z"
        case "email": parts.first { $0.contains("@") } ?? "nobody@example.com"
        case "uri", "url": parts.first { $0.hasPrefix("http://") || $0.hasPrefix("https://") } ?? "https://example.com/"
        case "uuid": "00000000-0000-0000-0000-000000000000"
        default: nil
        }
    }

    private static func looksLikeDate(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.count) == [4, 2, 2] && parts.allSatisfy { $0.allSatisfy(\.isNumber) }
    }

    /// The text between the first pair of quotation marks.
    private static func quoted(_ text: String) -> String? {
        for (open, close) in [("\"", "\""), ("“", "”"), ("„", "“"), ("«", "»")] {
            guard let start = text.firstRange(of: open)?.upperBound,
                let end = text[start...].firstRange(of: close)?.lowerBound, start < end
            else { continue }
            return String(text[start..<end].prefix(400))
        }
        return nil
    }

    /// The text after one of the phrases.
    private static func rest(of text: String, after phrases: String...) -> String? {
        let plain = text.lowercased()
        for phrase in phrases {
            guard let end = plain.firstRange(of: phrase + " ")?.upperBound else { continue }
            // Lowercasing can change the number of bytes, so the distance is counted in characters.
            let rest = text.dropFirst(plain.distance(from: plain.startIndex, to: end)).trimmed
            if !rest.isEmpty { return String(rest.prefix(400)).trimmingEnd(of: ".!?") }
        }
        return nil
    }

    /// The capitalised words after one of the openings, or else the words up to the next punctuation mark.
    private static func phrase(in text: String, after openings: Set<String>) -> String? {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        let places = words.indices.dropLast().filter { openings.contains(words[$0].lowercased()) }
        // A capitalised phrase is preferred over the last one.
        guard let index = places.first(where: { words[$0 + 1].first?.isUppercase == true }) ?? places.last else {
            return nil
        }
        var found: [String] = []
        let isName = words[index + 1].first?.isUppercase == true
        for word in words[(index + 1)...].prefix(6) {
            guard !isName || word.first?.isUppercase == true, !prepositions.contains(word.lowercased()) else {
                break
            }
            let plain = word.trimmingEnd(of: ".,;:!?)\"'")
            found.append(plain)
            if plain != word { break }
        }
        let text = found.joined(separator: " ")
        return text.isEmpty ? nil : text
    }
}
