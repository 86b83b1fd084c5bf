import JSON
import NIOCore

/// Takes the lines of a JSON text and gives the objects that stand at its top, or in an array at its top, as soon as
/// their braces are even.
///
/// For providers that answer without the event stream's `data:`: one array of chunks, or an error over several lines.
/// A line that is outside any object and begins with anything else is none of ours and passed over.
struct JSONObjectSplitter: Sendable {
    private let limit: Int
    private var object = ByteBuffer()
    private var depth = 0
    private var isQuoted = false
    private var isEscaped = false

    /// - Parameter limit: the longest object in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Adds a line, without what ended it, and takes all objects that are whole by now.
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
            // What ended the line parted two words.
            object.writeStaticString("\n")
        }
        guard object.readableBytes <= limit else { throw JSONLines.TooLong(limit: limit) }
        return objects
    }

    private mutating func add(_ line: ByteBuffer, _ range: Range<Int>) {
        guard let bytes = line.getSlice(at: line.readerIndex + range.lowerBound, length: range.count) else { return }
        object.writeImmutableBuffer(bytes)
    }

    /// Minds what a byte within an object, or the first of one, does to the depth.
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

    /// What parts the objects of an array.
    private static func isBetween(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t"): true
        default: false
        }
    }
}
