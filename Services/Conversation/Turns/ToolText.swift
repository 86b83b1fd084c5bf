/// Prepares texts of tools and of broken calls for models: without control characters, and limited in size.
///
/// Pure functions.
enum ToolText {
    /// How far a cut is moved to the border of a character that consists of several scalars, in bytes.
    private static let borderDistance = 64

    /// Replaces control characters other than tabulators and line breaks, which cannot be stored or shown.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case 0...0x1F, 0x7F...0x9F: true
        default: false
        }
    }

    /// Returns the text; a text of more than `limit` bytes keeps its beginning and its end, and says how many bytes are
    /// missing between them.
    static func shortened(_ text: String, to limit: Int) -> String {
        let count = text.utf8.count
        guard count > limit else { return text }
        // The note has at most as many bytes as one with the complete size.
        let room = max(0, limit - note(count).utf8.count)
        let head = prefix(of: text, bytes: room - room / 3)
        let tail = suffix(of: text, bytes: room / 3)
        return head + note(count - head.utf8.count - tail.utf8.count) + tail
    }

    private static func note(_ bytes: Int) -> String {
        "\n[… \(bytes) bytes are missing here …]\n"
    }

    private static func prefix(of text: String, bytes: Int) -> Substring {
        let index = text.utf8.index(text.startIndex, offsetBy: bytes)
        return text[..<border(at: index, in: text, forward: false)]
    }

    private static func suffix(of text: String, bytes: Int) -> Substring {
        let index = text.utf8.index(text.endIndex, offsetBy: -bytes)
        return text[border(at: index, in: text, forward: true)...]
    }

    /// The nearest border of a character, or of a scalar if the character is very long.
    private static func border(at index: String.Index, in text: String, forward: Bool) -> String.Index {
        let limit = forward ? text.endIndex : text.startIndex
        var scalar: String.Index?
        var index = index
        for _ in 0...borderDistance {
            if index.samePosition(in: text) != nil { return index }
            if scalar == nil, index.samePosition(in: text.unicodeScalars) != nil { scalar = index }
            guard index != limit else { break }
            index = forward ? text.utf8.index(after: index) : text.utf8.index(before: index)
        }
        return scalar ?? limit
    }
}
