import Contracts

/// The persona of the demo model, read from the instructions: `You are Maya, a home cook who …`.
struct DemoPersona: Equatable {
    /// How much of the instructions is searched, in bytes.
    private static let byteLimit = 16_384

    /// The display name; `nil` if the instructions contain none.
    var name: String?
    /// `a home cook who makes dinner out of what is there`.
    var role: String?
    /// The text after `expertise: `.
    var expertise: String?

    init(_ messages: [Inference.Message]) {
        let text = (messages.first { $0.role.isInstruction }?.text ?? "").prefix(bytes: Self.byteLimit)
        guard let start = text.firstRange(of: "You are ")?.upperBound else { return }
        let sentence = text[start...].prefix(400).prefix { $0 != "\n" }
        let given = sentence.prefix { !",.;:!?—(".contains($0) }.trimmed
        guard !given.isEmpty else { return }
        // `You are a helpful assistant` contains a role and no name.
        if ["a", "an", "the", "my", "now"].contains(given.lowercased().prefix { $0 != " " }) {
            role = Self.short(given, limit: 120)
        } else {
            name = Self.short(given, limit: 60)
            role = sentence.firstIndex(of: ",").map { comma in
                Self.short(Self.firstSentence(sentence[sentence.index(after: comma)...]), limit: 160)
            }
        }
        if let start = text.firstRange(of: "expertise: ")?.upperBound {
            expertise = Self.short(text[start...].prefix(200).prefix { !";.\n".contains($0) }.trimmed, limit: 120)
        }
        if role?.isEmpty == true { role = nil }
    }

    /// `As Maya, a home cook, I`, or `I`.
    var subject: String {
        guard let name else { return role.map { "As \($0), I" } ?? "I" }
        return role.map { "As \(name), \($0), I" } ?? "As \(name), I"
    }

    private static func firstSentence(_ text: Substring) -> String {
        let end = text.firstRange(of: ". ")?.lowerBound ?? text.endIndex
        return text[..<end].trimmed.trimmingEnd(of: ".!")
    }

    private static func short(_ text: String, limit: Int) -> String {
        text.count > limit ? String(text.prefix(limit)).trimmingEnd(of: " ") + "…" : text
    }
}

extension StringProtocol {
    /// The text without leading and trailing white space.
    var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}

extension String {
    /// The text without trailing characters of a set.
    func trimmingEnd(of characters: String) -> String {
        let end = lastIndex { !characters.contains($0) }.map { index(after: $0) } ?? startIndex
        return String(self[..<end])
    }
}
