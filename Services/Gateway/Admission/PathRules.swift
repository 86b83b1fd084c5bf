/// Validates a request's target: each path has one spelling that every program reads in the same way.
///
/// Pure.
enum PathRules {
    /// Whether the target is a normalized path, with or without a query.
    ///
    /// Invalid are dot segments, also encoded ones; control characters and `\`, also encoded ones; `;`, `#`, blanks,
    /// bytes beyond ASCII, and a `%` without two hexadecimal digits. Empty segments are valid; only names at the end of a
    /// path have them.
    static func isPlain(_ target: String) -> Bool {
        var bytes = target.utf8.makeIterator()
        guard bytes.next() == UInt8(ascii: "/") else { return false }
        var segment = Segment()
        var isQuery = false
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "?") where !isQuery:
                guard !segment.isDots else { return false }
                isQuery = true
            case UInt8(ascii: "/") where !isQuery:
                guard !segment.isDots else { return false }
                segment = Segment()
            case UInt8(ascii: "%"):
                guard let high = PercentEncoding.digit(bytes.next()), let low = PercentEncoding.digit(bytes.next())
                else { return false }
                guard isQuery || segment.append(encoded: high << 4 | low) else { return false }
            case UInt8(ascii: ";") where !isQuery: return false
            case UInt8(ascii: "\\"), UInt8(ascii: "#"): return false
            case 0x21...0x7E: segment.append(byte)
            default: return false
            }
        }
        return isQuery || !segment.isDots
    }

    /// The characters of one segment so far.
    private struct Segment {
        private var length = 0
        private var dots = 0

        /// Whether it is `.` or `..`.
        var isDots: Bool { (1...2).contains(length) && dots == length }

        mutating func append(_ byte: UInt8) {
            length += 1
            if byte == UInt8(ascii: ".") { dots += 1 }
        }

        /// Appends a percent-encoded byte; `false` for one that is invalid in a path.
        ///
        /// An encoded slash ends a segment: to a program that decodes it, it is a slash.
        mutating func append(encoded byte: UInt8) -> Bool {
            guard byte != UInt8(ascii: "/") else {
                guard !isDots else { return false }
                self = Segment()
                return true
            }
            append(byte)
            return byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: "\\")
        }
    }
}
