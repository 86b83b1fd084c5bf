import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The arguments of a tool call as a JSON object that every provider accepts.
///
/// Pure.
struct NormalizedArguments: Sendable, Equatable {
    /// Maximum size of an object, in bytes.
    static let byteLimit = 128 * 1024
    /// Maximum size of a text that is kept because it is no object, in bytes.
    static let textLimit = 4 * 1024
    /// How often an object may be encoded as a string.
    private static let encodingLimit = 4

    /// What the model wrote.
    enum Form: Sendable, Equatable {
        /// An object, possibly encoded as a string.
        case object
        /// Nothing, or `null`.
        case missing
        case tooLarge
        /// Anything else.
        case other
    }

    let form: Form
    /// A JSON object; of arguments that are none, it contains the text.
    let json: String

    init(_ text: String) {
        var (value, encodings) = (text, 0)
        while true {
            let trimmed = value.utf8.allSatisfy { Self.isBlank($0) }
            if trimmed || Self.isNull(value) {
                (form, json) = (.missing, "{}")
                return
            }
            guard value.utf8.count <= Self.byteLimit else {
                (form, json) = (.tooLarge, Self.object(with: text))
                return
            }
            switch Self.parse(JSONEscapes.replacingUnusable(in: value)) {
            case .object(let object)?:
                (form, json) = (.object, object)
                return
            case .text(let inner)? where encodings < Self.encodingLimit: (value, encodings) = (inner, encodings + 1)
            default:
                (form, json) = (.other, Self.object(with: text))
                return
            }
        }
    }

    private enum Value {
        case object(String)
        case text(String)
    }

    /// Parses a strictly valid object or string; `nil` for anything else.
    private static func parse(_ text: String) -> Value? {
        var text = text
        return text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            do {
                var json = JSONScanner(bytes)
                let raw = try json.rawJSON()
                try json.end()
                switch raw.text.utf8.first {
                case UInt8(ascii: "{"): return .object(raw.text)
                case UInt8(ascii: "\""):
                    var json = JSONScanner(bytes)
                    return .text(try json.string())
                default: return nil
                }
            } catch {
                return nil
            }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isNull(_ text: String) -> Bool {
        text.utf8.lazy.filter { !isBlank($0) }.elementsEqual("null".utf8)
    }

    /// An object that contains a text.
    private static func object(with text: String) -> String {
        var json = JSONWriter()
        json.object { $0.field("unparsed", ToolText.shortened(ToolText.printable(text), to: textLimit)) }
        return String(buffer: json.buffer)
    }
}
