/// What a request's target must be like: one spelling, which no other program reads otherwise.
///
/// Pure.
enum PathRules {
    /// Whether the target is a plain path, with or without a query.
    ///
    /// Refused are absolute and authority forms, empty and dot segments, encoded slashes and control characters, `;`,
    /// `\`, `#`, blanks, what is not ASCII, and a `%` without its two digits. Only in the name of a model, whose slashes
    /// many clients encode, an encoded slash is a slash.
    static func isPlain(_ target: String) -> Bool {
        let takesSlashes = modelPaths.contains { target.hasPrefix($0) }
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
                guard !segment.isDots, segment.length > 0 else { return false }
                segment = Segment()
            case UInt8(ascii: "%"):
                guard let high = digit(bytes.next()), let low = digit(bytes.next()) else { return false }
                let byte = high << 4 | low
                if takesSlashes, !isQuery, byte == UInt8(ascii: "/") {
                    guard !segment.isDots, segment.length > 0 else { return false }
                    segment = Segment()
                } else {
                    guard isQuery || segment.take(encoded: byte) else { return false }
                }
            case UInt8(ascii: ";") where !isQuery: return false
            case UInt8(ascii: "\\"), UInt8(ascii: "#"): return false
            case 0x21...0x7E: segment.take(byte)
            default: return false
            }
        }
        return isQuery || !segment.isDots
    }

    private static let modelPaths = ["/api/v1/models/", "/v1/models/"]

    /// What has come of a segment of the path.
    private struct Segment {
        private(set) var length = 0
        private var dots = 0

        /// Whether it is `.` or `..`.
        var isDots: Bool { (1...2).contains(length) && dots == length }

        mutating func take(_ byte: UInt8) {
            length += 1
            if byte == UInt8(ascii: ".") { dots += 1 }
        }

        /// Takes a byte that was written with `%`; `false` when it must not stand in a path.
        mutating func take(encoded byte: UInt8) -> Bool {
            take(byte)
            return byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "\\")
        }
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        guard let byte else { return nil }
        return switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
