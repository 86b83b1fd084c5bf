/// A pull parser for one JSON text: reads the requested members and skips the others, without a tree or recursion.
///
/// For texts of which a few members are needed: those are decoded strictly, the others are only skipped. Never reads
/// beyond the end of the bytes: every access goes through ``peek()`` or is bounded by a position that came from it.
package struct JSONScanner {
    /// The text is not JSON, or its strings are not UTF-8.
    package struct Malformed: Error, Equatable {
        package init() {}
    }

    private let bytes: UnsafeRawBufferPointer
    /// Offset of the next byte.
    private(set) var position = 0

    /// - Parameter bytes: must outlive the scanner.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The name of a member as written, between its quotes.
    package struct Name {
        fileprivate let bytes: UnsafeRawBufferPointer.SubSequence

        /// The name with its escapes resolved; `nil` if it is not UTF-8 or contains an invalid escape.
        package var text: String? { JSONEscapes.resolve(UnsafeRawBufferPointer(rebasing: bytes)) }

        package static func ~= (text: StaticString, name: Name) -> Bool {
            guard name.bytes.count == text.utf8CodeUnitCount else { return false }
            return text.withUTF8Buffer { name.bytes.elementsEqual($0) }
        }
    }

    /// Reads an object; `member` must read or skip the value of each member.
    package mutating func object(_ member: (Name, inout JSONScanner) throws -> Void) throws {
        try expect(UInt8(ascii: "{"))
        if taken(UInt8(ascii: "}")) { return }
        repeat {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw Malformed() }
            let name = Name(bytes: bytes[try quoted().range])
            try expect(UInt8(ascii: ":"))
            try member(name, &self)
        } while taken(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Reads an object; skips a value of another kind.
    package mutating func objectOrSkip(_ member: (Name, inout JSONScanner) throws -> Void) throws {
        skipSpace()
        if peek() == UInt8(ascii: "{") { try object(member) } else { try skip() }
    }

    /// Reads a string; skips a value of another kind and returns `nil`.
    package mutating func optionalString() throws -> String? {
        skipSpace()
        guard peek() == UInt8(ascii: "\"") else {
            try skip()
            return nil
        }
        let (range, hasEscapes) = try quoted()
        let plain = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard hasEscapes else {
            guard let text = String(validating: plain, as: UTF8.self) else { throw Malformed() }
            return text
        }
        guard let text = JSONEscapes.resolve(plain) else { throw Malformed() }
        return text
    }

    /// Reads a string; returns `nil` for `null`, and skips a value of another kind and returns an empty string.
    package mutating func stringOrEmpty() throws -> String? {
        skipSpace()
        let isNull = peek() == UInt8(ascii: "n")
        return try optionalString() ?? (isNull ? nil : "")
    }

    /// Reads an integer; skips a value of another kind, or a number out of range, and returns `nil`.
    package mutating func optionalInt() throws -> Int? {
        Int(String(decoding: try raw(), as: UTF8.self))
    }

    /// Whether the value is `true`.
    package mutating func isTrue() throws -> Bool {
        try raw().elementsEqual("true".utf8)
    }

    /// Skips a value and returns its bytes as written.
    package mutating func raw() throws -> UnsafeRawBufferPointer.SubSequence {
        skipSpace()
        let start = position
        try skip()
        return bytes[start..<position]
    }

    /// Reads a number, `true`, `false` or `null` as written.
    mutating func scalar() throws -> String {
        skipSpace()
        let start = position
        try word()
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    func isString() -> Bool { peek() == UInt8(ascii: "\"") }

    /// Skips a value of any kind; checks only strings and the balance of brackets in it.
    package mutating func skip() throws {
        skipSpace()
        var depth = 0
        repeat {
            guard let byte = peek() else { throw Malformed() }
            switch byte {
            case UInt8(ascii: "\""): _ = try quoted()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { throw Malformed() }
                depth -= 1
                position += 1
            case _ where depth > 0 && !Self.isWord(byte): position += 1
            default: try word()
            }
        } while depth > 0
    }

    /// Throws unless only white space follows.
    package mutating func end() throws {
        skipSpace()
        guard peek() == nil else { throw Malformed() }
    }

    /// The next byte.
    var next: UInt8? { peek() }

    /// Skips the next byte.
    mutating func advance() {
        position = min(position + 1, bytes.count)
    }

    /// Skips white space; returns whether a byte follows.
    mutating func isNext(_ byte: UInt8) -> Bool {
        skipSpace()
        return peek() == byte
    }

    /// Skips a string whose opening quote is next; returns the bytes between its quotes.
    mutating func quotedBytes() throws(Malformed) -> (bytes: UnsafeRawBufferPointer, hasEscapes: Bool) {
        let (range, hasEscapes) = try quoted()
        return (UnsafeRawBufferPointer(rebasing: bytes[range]), hasEscapes)
    }

    /// Skips a number, `true`, `false` or `null`.
    mutating func skipScalar() throws(Malformed) {
        try word()
    }

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func taken(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    mutating func expect(_ byte: UInt8) throws {
        guard taken(byte) else { throw Malformed() }
    }

    /// Skips a string whose opening quote is next; returns the range between its quotes.
    private mutating func quoted() throws(Malformed) -> (range: Range<Int>, hasEscapes: Bool) {
        position += 1
        let start = position
        var hasEscapes = false
        while true {
            position = JSONText.special(in: bytes, from: min(position, bytes.count))
            switch peek() {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return (start..<position, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            default: throw Malformed()
            }
        }
    }

    /// Skips a number, `true`, `false` or `null`.
    private mutating func word() throws(Malformed) {
        let start = position
        while let byte = peek(), Self.isWord(byte) { position += 1 }
        guard position > start else { throw Malformed() }
        let word = bytes[start..<position]
        guard JSONNumber.isValid(word) || ["true", "false", "null"].contains(where: { word.elementsEqual($0.utf8) })
        else { throw Malformed() }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
