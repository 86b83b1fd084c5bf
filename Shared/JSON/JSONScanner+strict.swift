/// Reads values of a required type; throws ``JSONScanner/Malformed`` for any other.
extension JSONScanner {
    /// Reads a string.
    package mutating func string() throws -> String {
        skipSpace()
        guard isString(), let text = try optionalString() else { throw Malformed() }
        return text
    }

    /// Skips a string.
    package mutating func skipString() throws {
        skipSpace()
        guard isString() else { throw Malformed() }
        try skip()
    }

    /// Reads the raw value of an enumeration.
    package mutating func word<Word: RawRepresentable<String>>() throws -> Word {
        guard let word = Word(rawValue: try string()) else { throw Malformed() }
        return word
    }

    /// Reads an integer.
    package mutating func int() throws -> Int {
        guard let number = try optionalInt() else { throw Malformed() }
        return number
    }

    package mutating func double() throws -> Double {
        guard let number = Double(try scalar()) else { throw Malformed() }
        return number
    }

    package mutating func bool() throws -> Bool {
        switch try scalar() {
        case "true": true
        case "false": false
        default: throw Malformed()
        }
    }

    /// Reads an array; `element` must read or skip each value.
    package mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        try expect(UInt8(ascii: "["))
        if taken(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while taken(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Reads an array of values.
    package mutating func list<Element: JSONReadable>() throws -> [Element] {
        var list: [Element] = []
        try array { list.append(try Element(from: &$0)) }
        return list
    }

    package mutating func listOrNull<Element: JSONReadable>() throws -> [Element]? {
        try isNull() ? nil : list()
    }

    /// Reads an array of strings.
    package mutating func strings() throws -> [String] {
        var texts: [String] = []
        try array { texts.append(try $0.string()) }
        return texts
    }

    package mutating func stringOrNull() throws -> String? {
        try isNull() ? nil : string()
    }

    /// Skips `null`; returns whether it was there.
    private mutating func isNull() throws -> Bool {
        skipSpace()
        guard next == UInt8(ascii: "n") else { return false }
        guard try scalar() == "null" else { throw Malformed() }
        return true
    }

    /// A kind of value.
    package enum Kind: Sendable {
        case object
        case array
        case text
        case number
        case flag
        case null
    }

    /// The kind of the next value, by its first byte.
    package var kind: Kind {
        mutating get {
            skipSpace()
            switch next {
            case UInt8(ascii: "{"): return .object
            case UInt8(ascii: "["): return .array
            case UInt8(ascii: "\""): return .text
            case UInt8(ascii: "t"), UInt8(ascii: "f"): return .flag
            case UInt8(ascii: "n"): return .null
            default: return .number
            }
        }
    }

    /// Whether an object is next.
    package mutating func isObject() -> Bool {
        skipSpace()
        return next == UInt8(ascii: "{")
    }

    /// Reads a string, or any other scalar as written; skips an object or array and returns `nil`.
    package mutating func stringOrScalar() throws -> String? {
        skipSpace()
        if isString() { return try optionalString() }
        guard !isArray(), !isObject() else {
            try skip()
            return nil
        }
        return try scalar()
    }

    /// Whether an array is next.
    package mutating func isArray() -> Bool {
        skipSpace()
        return next == UInt8(ascii: "[")
    }
}
