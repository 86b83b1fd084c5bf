/// Parses a JSON text; describes errors as Python's `json` module does, which FastAPI passes on.
///
/// Stricter than Python where a text would have several meanings or an unbounded cost: nesting is limited, and duplicate
/// keys, half surrogate pairs, NUL characters, `NaN` and `Infinity` are errors.
struct JSONTreeParser {
    /// Why a text is not valid.
    struct Failure: Error, Equatable {
        /// A short sentence without a full stop, such as `Expecting value`.
        var message: String
        /// Where it is, in Unicode scalars from the start of the text.
        var offset: Int
    }

    private static let depthLimit = 64
    /// Maximum length of a number: decoders may take quadratic time for a longer one.
    private static let numberLimit = 64

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Parses a text that consists of one value; `text` must be UTF-8.
    static func parse(_ text: [UInt8]) throws(Failure) -> JSONTree {
        var parser = JSONTreeParser(bytes: text)
        parser.skipSpace()
        let value = try parser.value()
        parser.skipSpace()
        guard parser.next == nil else { throw parser.failure("Extra data") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// A failure at a byte, by default the next one.
    private func failure(_ message: String, at byte: Int? = nil) -> Failure {
        let end = min(byte ?? position, bytes.count)
        return Failure(message: message, offset: bytes[..<end].count { $0 & 0xC0 != 0x80 })
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value() throws(Failure) -> JSONTree {
        switch next {
        case UInt8(ascii: "{"): return .object(try members())
        case UInt8(ascii: "["): return .array(try items())
        case UInt8(ascii: "\""): return .text(try string())
        default: break
        }
        for (word, value) in Self.words where bytes[position...].starts(with: word) {
            position += word.count
            return value
        }
        return .number(try number())
    }

    private static let words: [([UInt8], JSONTree)] = [
        (Array("null".utf8), .null), (Array("true".utf8), .flag(true)), (Array("false".utf8), .flag(false)),
    ]

    private mutating func enter() throws(Failure) {
        guard depth < Self.depthLimit else { throw failure("Nested deeper than \(Self.depthLimit) levels") }
        depth += 1
        position += 1
        skipSpace()
    }

    /// Leaves a container at its closing bracket.
    private mutating func leave(at bracket: UInt8) -> Bool {
        guard next == bracket else { return false }
        position += 1
        depth -= 1
        return true
    }

    private mutating func members() throws(Failure) -> [JSONTree.Member] {
        try enter()
        var members: [JSONTree.Member] = []
        var names: Set<String> = []
        if leave(at: UInt8(ascii: "}")) { return members }
        while true {
            guard next == UInt8(ascii: "\"") else {
                throw failure("Expecting property name enclosed in double quotes")
            }
            let start = position
            let name = try string()
            guard names.insert(name).inserted else { throw failure("Duplicate property name", at: start) }
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw failure("Expecting ':' delimiter") }
            position += 1
            skipSpace()
            members.append(JSONTree.Member(name: name, value: try value()))
            skipSpace()
            if leave(at: UInt8(ascii: "}")) { return members }
            try comma()
        }
    }

    private mutating func items() throws(Failure) -> [JSONTree] {
        try enter()
        var items: [JSONTree] = []
        if leave(at: UInt8(ascii: "]")) { return items }
        while true {
            items.append(try value())
            skipSpace()
            if leave(at: UInt8(ascii: "]")) { return items }
            try comma()
        }
    }

    private mutating func comma() throws(Failure) {
        guard next == UInt8(ascii: ",") else { throw failure("Expecting ',' delimiter") }
        position += 1
        skipSpace()
    }

    /// Parses as much of a number as is valid, as Python does; the rest is found to be no delimiter.
    private mutating func number() throws(Failure) -> String {
        let start = position
        var end = position
        func digits() -> Bool {
            let first = end
            while end < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[end]) { end += 1 }
            return end > first
        }
        func take(_ byte: UInt8) -> Bool {
            guard end < bytes.count, bytes[end] == byte else { return false }
            end += 1
            return true
        }
        _ = take(UInt8(ascii: "-"))
        guard take(UInt8(ascii: "0")) || digits() else { throw failure("Expecting value") }
        var valid = end
        if take(UInt8(ascii: ".")), digits() { valid = end }
        end = valid
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
            if digits() { valid = end }
        }
        guard valid - start <= Self.numberLimit else { throw failure("Number longer than \(Self.numberLimit) digits") }
        position = valid
        return String(decoding: bytes[start..<valid], as: UTF8.self)
    }

    private mutating func string() throws(Failure) -> String {
        var reader = JSONTreeString(bytes: bytes, start: position)
        do {
            let text = try reader.read()
            position = reader.position
            return text
        } catch {
            throw failure(error.message, at: error.byte)
        }
    }
}
