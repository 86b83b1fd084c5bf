import JSON
import NIOCore

/// Splits lines of a JSON text into its top-level objects, or the objects of a top-level array, as soon as each is
/// complete.
///
/// For providers that respond without an event stream: with one object on any number of lines, with one object a line,
/// with one array of objects, or with an error. Text outside of objects is ignored.
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

    /// Whether an object has begun and is not complete.
    var isInside: Bool { depth > 0 }

    /// Appends a line without its line break, or several lines, and returns the objects that are now complete.
    mutating func append(_ line: ByteBuffer) throws(JSONLines.TooLong) -> [ByteBuffer] {
        var ranges: [Range<Int>] = []
        var start = 0
        let end = line.withUnsafeReadableBytes { bytes in
            var index = 0
            while index < bytes.count {
                if isQuoted, !isEscaped {
                    // Most bytes are text.
                    index = JSONText.special(in: bytes, from: index)
                    guard index < bytes.count else { break }
                }
                let byte = bytes[index]
                if depth == 0 {
                    guard Self.isBetween(byte) || byte == UInt8(ascii: "{") else { return index }
                    if byte == UInt8(ascii: "{") { start = index }
                }
                count(byte)
                if depth == 0, byte == UInt8(ascii: "}") { ranges.append(start..<index + 1) }
                index += 1
            }
            return bytes.count
        }
        var objects: [ByteBuffer] = []
        for range in ranges {
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
        if object.readableBytes == 0 { object = bytes } else { object.writeImmutableBuffer(bytes) }
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
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D: true
        default: false
        }
    }
}
