/// Reads values that must be of one kind and nothing else.
extension JSONScanner {
    /// Reads a string.
    package mutating func string() throws -> String {
        skipSpace()
        guard isString(), let text = try text() else { throw Malformed() }
        return text
    }

    /// Passes over a string.
    package mutating func skipString() throws {
        skipSpace()
        guard isString() else { throw Malformed() }
        try skip()
    }

    /// Reads one of an enumeration's words.
    package mutating func word<Word: RawRepresentable<String>>() throws -> Word {
        guard let word = Word(rawValue: try string()) else { throw Malformed() }
        return word
    }

    /// Reads a whole number.
    package mutating func number() throws -> Int {
        guard let number = try integer() else { throw Malformed() }
        return number
    }

    package mutating func fraction() throws -> Double {
        guard let number = Double(try plain()) else { throw Malformed() }
        return number
    }

    package mutating func flag() throws -> Bool {
        switch try plain() {
        case "true": true
        case "false": false
        default: throw Malformed()
        }
    }

    /// Reads an array; `element` must read or skip each of its values.
    package mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        try expect(UInt8(ascii: "["))
        if taken(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while taken(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Reads an array of values that read themselves.
    package mutating func list<Element: JSONReadable>() throws -> [Element] {
        var list: [Element] = []
        try array { list.append(try Element(from: &$0)) }
        return list
    }

    package mutating func listOrNull<Element: JSONReadable>() throws -> [Element]? {
        try isNull() ? nil : list()
    }

    /// Reads an array of strings.
    package mutating func texts() throws -> [String] {
        var texts: [String] = []
        try array { texts.append(try $0.string()) }
        return texts
    }

    package mutating func stringOrNull() throws -> String? {
        try isNull() ? nil : string()
    }

    /// Passes over `null`; answers whether it was there.
    private mutating func isNull() throws -> Bool {
        skipSpace()
        guard next == UInt8(ascii: "n") else { return false }
        guard try plain() == "null" else { throw Malformed() }
        return true
    }

    /// Which kind of value it is.
    package enum Kind: Sendable {
        case object
        case array
        case text
        case number
        case flag
        case null
    }

    /// Which kind of value is next, by its first byte.
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

    /// Reads a string, or a number or word as it is written; a value of another kind is skipped.
    package mutating func textOrPlain() throws -> String? {
        skipSpace()
        if isString() { return try text() }
        guard !isArray(), !isObject() else {
            try skip()
            return nil
        }
        return try plain()
    }

    /// Whether an array is next.
    package mutating func isArray() -> Bool {
        skipSpace()
        return next == UInt8(ascii: "[")
    }
}
