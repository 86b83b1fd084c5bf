/// Says why a text is not a UUID.
///
/// Pure function.
enum UUIDText {
    /// Where the groups of a UUID start, and their lengths.
    private static let groups = [
        (start: 0, length: 8), (start: 9, length: 4), (start: 14, length: 4), (start: 19, length: 4),
        (start: 24, length: 12),
    ]

    /// Returns the reason in pydantic's words; `text` must not be a UUID.
    static func error(in text: String) -> String {
        let prefix = "urn:uuid:"
        let isURN = text.hasPrefix(prefix)
        let digits = isURN ? text.dropFirst(prefix.count) : text[...]
        var offset = isURN ? prefix.utf8.count : 0
        var dashes: [Int] = []
        for character in digits.unicodeScalars {
            let isDigit = character.isASCII && PercentEncoding.digit(UInt8(truncatingIfNeeded: character.value)) != nil
            guard isDigit || character == "-" else { return "invalid character: found `\(character)` at \(offset)" }
            if character == "-" { dashes.append(offset - (isURN ? prefix.utf8.count : 0)) }
            offset += character.utf8.count
        }
        guard !dashes.isEmpty || isURN else { return "invalid length: found \(text.utf8.count)" }
        guard dashes.count == 4 else { return "invalid group count: expected 5, found \(dashes.count + 1)" }
        let ends = dashes + [digits.utf8.count]
        for (index, (group, end)) in zip(groups, ends).enumerated() where end != group.start + group.length {
            let found = max(0, end - group.start)
            return "invalid group length in group \(index): expected \(group.length), found \(found)"
        }
        return "invalid length: found \(text.utf8.count)"
    }
}
