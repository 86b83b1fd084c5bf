/// Validates names of models.
enum ModelName {
    /// The rule, for error messages.
    static let rule =
        "a name begins with a letter or a digit, has at most 128 letters, digits and . _ / -, "
        + "and may end with a tag such as :latest"

    /// Whether a name, with or without its provider, is valid: letters, digits and `._/-`, and optionally one `:tag`.
    ///
    /// Empty components and `..` are invalid, because names become parts of paths.
    static func isValid(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first, (1...128).contains(base.count), let first = base.first, isLetter(first),
            base.allSatisfy({ isLetter($0) || isMark($0) || $0 == UInt8(ascii: "/") }),
            !name.contains(".."), !name.contains("//"), base.last != UInt8(ascii: "/")
        else { return false }
        guard parts.count == 2 else { return true }
        return (1...64).contains(parts[1].count) && parts[1].allSatisfy { isLetter($0) || isMark($0) }
    }

    /// A name and how else it may be spelled: `:latest` may be left out.
    static func spellings(of name: String) -> [String] {
        if name.hasSuffix(latest) { return [name, String(name.dropLast(latest.count))] }
        return name.utf8.contains(UInt8(ascii: ":")) ? [name] : [name, name + latest]
    }

    /// A name with its tag.
    static func tagged(_ name: String) -> String { name.utf8.contains(UInt8(ascii: ":")) ? name : name + latest }

    /// The tag of a name without one.
    private static let latest = ":latest"

    /// Whether a byte is a letter or a digit.
    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
