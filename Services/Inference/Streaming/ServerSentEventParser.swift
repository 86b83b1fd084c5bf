import JSON
import NIOCore

/// Parses server-sent events incrementally (WHATWG HTML, section 9.2).
///
/// A line ends with `\n` or `\r\n`. Several lines of data are joined by `\n`. Comments and fields other than `data` are
/// ignored, except those that mark an error: `event: error` and the comment `:HTTP_STATUS/429`. Other lines are returned
/// as ``Item/stray``, because some providers send JSON without events.
struct ServerSentEventParser: Sendable {
    /// A parsed item.
    enum Item: Equatable {
        /// The data of one event.
        case data(ByteBuffer)
        /// The data of an event that is marked as an error, and the HTTP status that it names.
        case failure(ByteBuffer, status: Int?)
        /// A line that is not part of an event stream.
        case stray(ByteBuffer)
    }

    private let limit: Int
    private var lines: JSONLines
    private var data: ByteBuffer?
    private var isFailure = false
    private var status: Int?
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
        guard let first = line.readableBytesView.first else { return dispatch(into: &items) }
        if first == UInt8(ascii: "d"), line.readableBytesView.starts(with: "data:".utf8) {
            line.moveReaderIndex(forwardBy: 5)
            if line.readableBytesView.first == UInt8(ascii: " ") { line.moveReaderIndex(forwardBy: 1) }
            add(line)
        } else if first == UInt8(ascii: ":") {
            status = Self.status(in: line) ?? status
        } else if !takeField(line) {
            items.append(.stray(line))
        }
    }

    /// The end of an event.
    private mutating func dispatch(into items: inout [Item]) {
        defer { (data, isFailure, status) = (nil, false, nil) }
        if isFailure || (data != nil && status != nil) {
            items.append(.failure(data ?? ByteBuffer(), status: status))
        } else if let data {
            items.append(.data(data))
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

    /// Takes a field other than `data`; returns whether the line is one.
    private mutating func takeField(_ line: ByteBuffer) -> Bool {
        let bytes = line.readableBytesView
        let name = bytes.prefix { $0 != UInt8(ascii: ":") }
        guard ["event", "id", "retry", "data"].contains(where: { name.elementsEqual($0.utf8) }) else { return false }
        if name.first == UInt8(ascii: "e") {
            let value = String(decoding: bytes.dropFirst(name.count + 1).prefix(64), as: UTF8.self)
            // `error`, `response.error`, `api_error`.
            isFailure = value.lowercased().trimmingSpaces.hasSuffix("error")
        }
        return true
    }

    /// The error status in a comment: `:HTTP_STATUS/429`.
    private static func status(in comment: ByteBuffer) -> Int? {
        let mark = "HTTP_STATUS/"
        let text = String(decoding: comment.readableBytesView.dropFirst().prefix(32), as: UTF8.self).trimmingSpaces
        guard text.hasPrefix(mark), let status = Int(text.dropFirst(mark.count)) else { return nil }
        return (400...599).contains(status) ? status : nil
    }
}

extension String {
    /// The text without spaces and tabs at its ends.
    fileprivate var trimmingSpaces: Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        var text = self[...].drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}
