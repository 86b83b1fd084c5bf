/// Parses the header `traceparent` of W3C Trace Context.
enum TraceParent {
    /// Returns the text if it has the form `00-<32 hexadecimal digits>-<16>-<2>`, in lower case.
    static func read(_ text: String) -> String? {
        guard text.utf8.count == 55, text.hasPrefix("00-") else { return nil }
        for (offset, byte) in text.utf8.enumerated() {
            let isSeparator = offset == 2 || offset == 35 || offset == 52
            guard isSeparator ? byte == UInt8(ascii: "-") : isDigit(byte) else { return nil }
        }
        return text
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
