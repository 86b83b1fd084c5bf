/// Reads one string of a JSON text for ``JSONTreeParser``.
struct JSONTreeString {
    /// What is wrong, and at which byte.
    struct Failure: Error {
        var message: String
        var byte: Int
    }

    private let bytes: [UInt8]
    /// The opening quote.
    private let start: Int
    private(set) var position: Int
    private var text: [UInt8] = []

    /// - Parameters:
    ///   - bytes: the whole JSON text.
    ///   - start: the offset of the string's opening quote.
    init(bytes: [UInt8], start: Int) {
        self.bytes = bytes
        self.start = start
        position = start + 1
    }

    /// Returns the string without its quotes; ``position`` is then behind it.
    mutating func read() throws(Failure) -> String {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape()
            case ..<0x20: throw Failure(message: "Invalid control character at", byte: position)
            default:
                text.append(byte)
                position += 1
            }
        }
        throw Failure(message: "Unterminated string starting at", byte: start)
    }

    private mutating func escape() throws(Failure) {
        let backslash = position
        guard backslash + 1 < bytes.count else {
            throw Failure(message: "Unterminated string starting at", byte: start)
        }
        position += 2
        switch bytes[backslash + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[backslash + 1])
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar(backslash + 1)).utf8)
        default: throw Failure(message: "Invalid \\escape", byte: backslash)
        }
    }

    /// Reads the digits after a `u`, and those of the second half of a surrogate pair.
    private mutating func scalar(_ letter: Int) throws(Failure) -> Unicode.Scalar {
        let invalid = Failure(message: "Invalid \\uXXXX escape", byte: letter)
        guard let unit = unit() else { throw invalid }
        if let scalar = Unicode.Scalar(unit), scalar != "\0" { return scalar }
        guard (0xD800...0xDBFF).contains(unit), bytes[position...].starts(with: "\\u".utf8) else { throw invalid }
        position += 2
        guard let low = self.unit(), (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw invalid }
        return scalar
    }

    /// Reads four hexadecimal digits.
    private mutating func unit() -> UInt16? {
        guard position + 4 <= bytes.count else { return nil }
        var value: UInt16 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = PercentEncoding.digit(byte) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        position += 4
        return value
    }
}
