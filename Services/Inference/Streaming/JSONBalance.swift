/// Tracks whether a JSON text that arrives in pieces is complete: by its brackets and quotes only.
struct JSONBalance: Sendable, Equatable {
    /// Whether anything but white space has arrived.
    private(set) var hasBegun = false
    private var depth = 0
    private var isQuoted = false
    private var isEscaped = false

    /// Whether the text so far is a complete value, unless it is a number or a word.
    var isComplete: Bool { hasBegun && depth <= 0 && !isQuoted }

    mutating func append(_ text: String) {
        for byte in text.utf8 {
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                isEscaped = byte == UInt8(ascii: "\\")
                isQuoted = byte != UInt8(ascii: "\"")
            } else {
                switch byte {
                case UInt8(ascii: "\""): isQuoted = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case 0x20, 0x0A, 0x0D, 0x09: continue
                default: break
                }
                hasBegun = true
            }
        }
    }
}
