import Contracts
import NIOCore

/// The header `x-endpoint`: a value beside a body of bytes, as JSON in ASCII.
enum EndpointHeader {
    static let name = "x-endpoint"
    /// Maximum length in bytes.
    static let limit = 16_384

    /// Encodes a value; throws `tooLarge` if the header would exceed its limit.
    static func encode(_ value: some Encodable) throws -> String {
        let text = ascii(try BusCoding.encode(value))
        guard text.utf8.count <= limit else {
            throw Fault(
                .tooLarge,
                "The value beside the bytes has \(text.utf8.count) bytes; at most \(limit) fit the header \(name)."
            )
        }
        return text
    }

    /// Decodes the value of the header; a missing header is an empty object.
    static func decode<Value: Decodable>(_ type: Value.Type, from text: String?) throws -> Value {
        let text = text ?? "{}"
        guard text.utf8.count <= limit else {
            throw Fault(.tooLarge, "The header \(name) is longer than \(limit) bytes.")
        }
        do {
            return try BusCoding.decode(type, from: ByteBuffer(string: text))
        } catch let fault as Fault {
            throw Fault(fault.code, "The header \(name) is invalid: \(fault.message)")
        }
    }

    /// JSON with each character outside of printable ASCII escaped; such characters occur in strings only.
    private static func ascii(_ json: ByteBuffer) -> String {
        var text = ""
        for unit in String(buffer: json).utf16 {
            if (0x20..<0x7F).contains(unit) {
                text.unicodeScalars.append(UnicodeScalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }
}
