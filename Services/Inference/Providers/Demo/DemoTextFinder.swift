/// Finds the part of a message that a text is meant to hold, by how the text is called.
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

    init(_ message: DemoMessage) {
        self.message = message
    }

    /// The text for a property of that name.
    func text(for name: String, format: String?) -> String {
        if let format, let text = formatted(format) { return text }
        let name = name.lowercased()
        func isOne(of words: [String]) -> Bool { words.contains { name.contains($0) } }
        if let quoted { return quoted }
        if let rest = rest(after: "remember that", "remember", "note that", "recall"), !isOne(of: Self.places) {
            return rest
        }
        if isOne(of: Self.places) { return phrase(after: ["in", "at", "near", "for", "to"]) ?? message.topic }
        if name == "name" || name.hasSuffix("_name"), let introduced = message.introducedName { return introduced }
        if isOne(of: Self.wholes) { return whole }
        return phrase(after: Self.prepositions) ?? (message.text.isEmpty ? "nothing" : message.topic)
    }

    /// The message itself, shortened.
    private var whole: String {
        guard !message.text.isEmpty else { return "nothing" }
        return message.text.count > 400 ? String(message.text.prefix(400)) + "…" : message.text
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

    /// What stands between quotation marks.
    private var quoted: String? {
        for (open, close) in [("\"", "\""), ("“", "”"), ("„", "“"), ("«", "»")] {
            guard let start = message.text.firstRange(of: open)?.upperBound,
                let end = message.text[start...].firstRange(of: close)?.lowerBound, start < end
            else { continue }
            return String(message.text[start..<end].prefix(400))
        }
        return nil
    }

    private func rest(after phrases: String...) -> String? {
        let plain = message.text.lowercased()
        for phrase in phrases {
            guard let end = plain.firstRange(of: phrase + " ")?.upperBound else { continue }
            // Small letters may be longer or shorter than large ones: the distance is counted in characters.
            let text = message.text.dropFirst(plain.distance(from: plain.startIndex, to: end)).trimmed
            if !text.isEmpty { return String(text.prefix(400)).trimmingEnd(of: ".!?") }
        }
        return nil
    }

    /// The words after one of these: those with large letters, else up to the next pause.
    private func phrase(after openings: Set<String>) -> String? {
        let words = message.text.split(whereSeparator: \.isWhitespace).map(String.init)
        let places = words.indices.dropLast().filter { openings.contains(words[$0].lowercased()) }
        // A name says more than what comes last.
        guard let index = places.first(where: { words[$0 + 1].first?.isUppercase == true }) ?? places.last else {
            return nil
        }
        var found: [String] = []
        let isName = words[index + 1].first?.isUppercase == true
        for word in words[(index + 1)...].prefix(6) {
            guard !isName || word.first?.isUppercase == true, !Self.prepositions.contains(word.lowercased()) else {
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
