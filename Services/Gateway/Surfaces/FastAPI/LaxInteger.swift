/// The integer that a value stands for, as pydantic accepts it: `3`, `3.0`, `"3"` and others.
///
/// Pure function.
enum LaxInteger {
    /// Why a value is no integer.
    enum Failure: Error {
        /// A text that is no integer.
        case unknown
        /// A number with a fraction.
        case fraction
        /// A value of another type.
        case otherType
    }

    /// Returns the integer; one that is out of range becomes the nearest `Int`.
    static func value(of tree: JSONTree) throws(Failure) -> Int {
        switch tree {
        case .flag(let flag): return flag ? 1 : 0
        case .text(let text): return try value(of: text)
        case .number(let text):
            if text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || isDigit($0) }) { return clamped(text) }
            guard let number = Double(text), number == number.rounded() else { throw .fraction }
            return Int(exactly: number) ?? (number < 0 ? .min : .max)
        case .null, .array, .object: throw .otherType
        }
    }

    /// Returns the integer in a text: digits with an optional sign, single underscores between them, a fraction of
    /// zeros, and space around it.
    static func value(of text: String) throws(Failure) -> Int {
        var rest = Substring(text)
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        let whole = rest.prefix { $0 != "." }
        let fraction = rest[whole.endIndex...].dropFirst()
        let digits = whole.drop { $0 == "-" || $0 == "+" }
        let groups = digits.split(separator: "_", omittingEmptySubsequences: false)
        guard whole.utf8.count - digits.utf8.count <= 1, fraction.utf8.allSatisfy({ $0 == UInt8(ascii: "0") }),
            groups.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
            whole.endIndex == rest.endIndex || !fraction.isEmpty
        else { throw .unknown }
        return clamped((whole.hasPrefix("-") ? "-" : "") + groups.joined())
    }

    private static func clamped(_ text: String) -> Int {
        Int(text) ?? (text.hasPrefix("-") ? .min : .max)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
