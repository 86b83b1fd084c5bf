import JSON
import NIOCore

/// Parses server-sent events incrementally (WHATWG HTML, section 9.2).
///
/// A line ends with `\n` or `\r\n`. Comments and fields other than `data` are ignored. Several lines of data are joined
/// by `\n`. Other lines are returned as ``Item/stray``, because some providers send errors there.
struct ServerSentEventParser: Sendable {
    /// A parsed item.
    enum Item: Equatable {
        /// The data of one event.
        case data(ByteBuffer)
        /// A line that is not part of an event stream.
        case stray(ByteBuffer)
    }

    private let limit: Int
    private var lines: JSONLines
    private var data: ByteBuffer?
    private var isFirst = true

    /// - Parameter limit: the maximum size of a line, and of the data of one event, in bytes.
    init(limit: Int) {
        self.limit = limit
        lines = JSONLines(limit: limit, keepsEmptyLines: true)
    }

    /// The bytes of an incomplete line.
    var unfinished: ByteBuffer { lines.unfinished }

    /// Appends bytes, and returns the events that are now complete.
    mutating func append(_ bytes: ByteBuffer) throws(JSONLines.TooLong) -> [Item] {
        var items: [Item] = []
        for line in try lines.append(bytes) {
            take(line, into: &items)
            guard (data?.readableBytes ?? 0) <= limit else { throw JSONLines.TooLong(limit: limit) }
        }
        return items
    }

    /// Returns the remaining events at the end of the stream, including one without a final empty line.
    mutating func end() -> [Item] {
        var items: [Item] = []
        if lines.unfinished.readableBytes > 0 { take(lines.unfinished, into: &items) }
        take(ByteBuffer(), into: &items)
        return items
    }

    private mutating func take(_ line: ByteBuffer, into items: inout [Item]) {
        var line = line
        if isFirst, line.readableBytes > 0 {
            isFirst = false
            if line.readableBytesView.starts(with: [0xEF, 0xBB, 0xBF]) { line.moveReaderIndex(forwardBy: 3) }
        }
        guard let first = line.readableBytesView.first else {
            if let data { items.append(.data(data)) }
            data = nil
            return
        }
        if first == UInt8(ascii: "d"), line.readableBytesView.starts(with: "data:".utf8) {
            line.moveReaderIndex(forwardBy: 5)
            if line.readableBytesView.first == UInt8(ascii: " ") { line.moveReaderIndex(forwardBy: 1) }
            add(line)
        } else if !Self.isField(line, first) {
            items.append(.stray(line))
        }
    }

    private mutating func add(_ line: ByteBuffer) {
        guard data != nil else {
            data = line
            return
        }
        data?.writeStaticString("\n")
        data?.writeImmutableBuffer(line)
    }

    private static func isField(_ line: ByteBuffer, _ first: UInt8) -> Bool {
        let bytes = line.readableBytesView
        return first == UInt8(ascii: ":")
            || ["event", "id", "retry", "data"].contains { name in
                bytes.starts(with: name.utf8)
                    && (bytes.count == name.utf8.count || bytes.dropFirst(name.utf8.count).first == UInt8(ascii: ":"))
            }
    }
}
