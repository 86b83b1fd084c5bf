/// Names of models: any printable identifier, which is sent to its server unchanged.
enum ModelName {
    /// Maximum length, in bytes.
    static let limit = 256

    /// The rule, for error messages.
    static let rule =
        "a name has 1 to \(limit) bytes of printable characters, no space at its ends, and no part . or .. between slashes"

    /// Whether a name, with or without its provider, is valid.
    ///
    /// Control characters, invisible ones and unassigned ones are invalid, because names appear in logs and lists; the
    /// parts `.` and `..` are, because names become parts of paths, where percent-encoding does not protect them.
    static func isValid(_ name: String) -> Bool {
        guard (1...limit).contains(name.utf8.count), name.first != " ", name.last != " ",
            name.unicodeScalars.allSatisfy(isPrintable)
        else { return false }
        return !name.utf8.split(separator: UInt8(ascii: "/")).contains {
            $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
        }
    }

    /// A name for an error message, shortened and without what cannot be printed.
    static func printable(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(64).map { isPrintable($0) ? $0 : "�" }))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20...0x7E).contains(scalar.value) }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
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
}
