/// Walks over one JSON text and picks out what is wanted, without a tree and without recursion.
///
/// Made for lines that come by the thousand and of which two or three members matter: those are read strictly, the rest
/// is only passed over. Whatever the bytes are, nothing beyond their end is read: every access goes through ``peek()``
/// or is bounded by a position that came from it.
package struct JSONScanner {
    /// The text is not JSON, or its strings are not UTF-8.
    package struct Malformed: Error, Equatable {
        package init() {}
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// - Parameter bytes: must outlive the scanner.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// A member's name as it stands in the text, between its quotes.
    package struct Name {
        fileprivate let bytes: UnsafeRawBufferPointer.SubSequence

        package static func ~= (text: StaticString, name: Name) -> Bool {
            guard name.bytes.count == text.utf8CodeUnitCount else { return false }
            return text.withUTF8Buffer { name.bytes.elementsEqual($0) }
        }
    }

    /// Reads an object; `member` must read or skip each member's value.
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

    /// Reads an object; a value of another kind is skipped.
    package mutating func objectIfAny(_ member: (Name, inout JSONScanner) throws -> Void) throws {
        skipSpace()
        if peek() == UInt8(ascii: "{") { try object(member) } else { try skip() }
    }

    /// Reads a string; a value of another kind is skipped.
    package mutating func text() throws -> String? {
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

    /// Reads a string; `null` is nothing, and a value of another kind, which is skipped, is no words.
    package mutating func words() throws -> String? {
        skipSpace()
        let isNull = peek() == UInt8(ascii: "n")
        return try text() ?? (isNull ? nil : "")
    }

    /// Reads a whole number; a value of another kind, or a number that does not fit, is skipped.
    package mutating func integer() throws -> Int? {
        Int(String(decoding: try raw(), as: UTF8.self))
    }

    /// Whether the value is `true`.
    package mutating func isTrue() throws -> Bool {
        try raw().elementsEqual("true".utf8)
    }

    /// Passes over a value and answers its bytes, as they stand.
    package mutating func raw() throws -> UnsafeRawBufferPointer.SubSequence {
        skipSpace()
        let start = position
        try skip()
        return bytes[start..<position]
    }

    /// Reads what is written without quotes: a number, `true`, `false` or `null`.
    mutating func plain() throws -> String {
        skipSpace()
        let start = position
        try word()
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    func isString() -> Bool { peek() == UInt8(ascii: "\"") }

    /// Passes over a value of any kind; of what is nested in it only strings and the depth are minded.
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

    /// Wants nothing more but white space.
    package mutating func end() throws {
        skipSpace()
        guard peek() == nil else { throw Malformed() }
    }

    /// The byte that is next.
    var next: UInt8? { peek() }

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
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

    /// Passes over a string whose opening quote is next; answers what stands between its quotes.
    private mutating func quoted() throws -> (range: Range<Int>, hasEscapes: Bool) {
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

    /// Passes over a number or one of `true`, `false`, `null`.
    private mutating func word() throws {
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
