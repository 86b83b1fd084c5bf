import Contracts
import NIOCore

/// What the escapes in a JSON string mean.
enum JSONEscapes {
    /// Throws `invalid` for an escape that means nothing: unknown letters, half a surrogate pair, NUL.
    static func unescape(_ raw: ByteBufferView) throws -> String {
        var result: [UInt8] = []
        var bytes = raw.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            switch bytes.next() {
            case UInt8(ascii: "\""): result.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): result.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/"): result.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"): try result.append(contentsOf: scalar(&bytes))
            default: throw invalid
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let invalid = Fault(.invalid, "A string in the body holds an escape that means nothing.")

    private static func scalar(_ bytes: inout ByteBufferView.Iterator) throws -> String.UTF8View {
        var value = try unit(&bytes)
        if (0xD800...0xDBFF).contains(value) {
            guard bytes.next() == UInt8(ascii: "\\"), bytes.next() == UInt8(ascii: "u") else { throw invalid }
            let low = try unit(&bytes)
            guard (0xDC00...0xDFFF).contains(low) else { throw invalid }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard value != 0, let scalar = Unicode.Scalar(value) else { throw invalid }
        return String(scalar).utf8
    }

    private static func unit(_ bytes: inout ByteBufferView.Iterator) throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = bytes.next(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw invalid
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
