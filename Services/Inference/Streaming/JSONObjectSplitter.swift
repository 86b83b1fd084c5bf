import JSON
import NIOCore

/// Splits lines of a JSON text into its top-level objects, or the objects of a top-level array, as soon as each is
/// complete.
///
/// For providers that respond without an event stream: with one array of chunks, or with an error on several lines.
/// Other lines outside of objects are ignored.
struct JSONObjectSplitter: Sendable {
    private let limit: Int
    private var object = ByteBuffer()
    private var depth = 0
    private var isQuoted = false
    private var isEscaped = false

    /// - Parameter limit: the maximum size of an object, in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Appends a line without its line break, and returns the objects that are now complete.
    mutating func append(_ line: ByteBuffer) throws(JSONLines.TooLong) -> [ByteBuffer] {
        var ends: [Range<Int>] = []
        var start = 0
        let end = line.withUnsafeReadableBytes { bytes in
            for (index, byte) in bytes.enumerated() {
                if depth == 0 {
                    guard Self.isBetween(byte) || byte == UInt8(ascii: "{") else { return index }
                    if byte == UInt8(ascii: "{") { start = index }
                }
                count(byte)
                if depth == 0, byte == UInt8(ascii: "}") { ends.append(start..<index + 1) }
            }
            return bytes.count
        }
        var objects: [ByteBuffer] = []
        for range in ends {
            add(line, range)
            objects.append(object)
            object = ByteBuffer()
        }
        if depth > 0 {
            add(line, start..<end)
            // The line break may separate two tokens.
            object.writeStaticString("\n")
        }
        guard object.readableBytes <= limit else { throw JSONLines.TooLong(limit: limit) }
        return objects
    }

    private mutating func add(_ line: ByteBuffer, _ range: Range<Int>) {
        guard let bytes = line.getSlice(at: line.readerIndex + range.lowerBound, length: range.count) else { return }
        object.writeImmutableBuffer(bytes)
    }

    /// Updates the nesting depth for a byte of an object.
    private mutating func count(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if isQuoted {
            isEscaped = byte == UInt8(ascii: "\\")
            isQuoted = byte != UInt8(ascii: "\"")
        } else if byte == UInt8(ascii: "\"") {
            isQuoted = true
        } else if byte == UInt8(ascii: "{") {
            depth += 1
        } else if byte == UInt8(ascii: "}") {
            depth -= 1
        }
    }

    /// Whether a byte may separate objects.
    private static func isBetween(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t"): true
        default: false
        }
    }
}
