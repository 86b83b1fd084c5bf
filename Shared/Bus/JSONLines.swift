package import NIOCore

/// Takes bytes as they come and gives whole lines: the newline-delimited JSON of the bus and of Ollama.
///
/// A line ends with `\n`; a `\r` before it and empty lines are dropped. Bytes after the last newline are ``unfinished``.
package struct JSONLines: Sendable {
    /// A line grew beyond the limit.
    package struct TooLong: Error {
        package let limit: Int
    }

    private let limit: Int
    private var pending = ByteBuffer()
    /// How many bytes of `pending` are known to hold no newline.
    private var scanned = 0

    /// - Parameter limit: the longest line in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// How many bytes have come of a line that has not ended.
    package var unfinished: Int { pending.readableBytes }

    /// Adds bytes and takes all lines that are whole by now.
    package mutating func append(_ bytes: ByteBuffer) throws(TooLong) -> [ByteBuffer] {
        if pending.readableBytes == 0 {
            pending = bytes
            scanned = 0
        } else {
            pending.writeImmutableBuffer(bytes)
        }
        var lines: [ByteBuffer] = []
        while let length = lengthOfLine() {
            scanned = 0
            guard length <= limit else { throw TooLong(limit: limit) }
            guard var line = pending.readSlice(length: length) else { break }
            pending.moveReaderIndex(forwardBy: 1)
            dropCarriageReturn(&line)
            if line.readableBytes > 0 { lines.append(line) }
        }
        guard pending.readableBytes <= limit else { throw TooLong(limit: limit) }
        if pending.readerIndex > 65_536 { pending.discardReadBytes() }
        return lines
    }

    private mutating func lengthOfLine() -> Int? {
        let view = pending.readableBytesView
        guard let index = view[(view.startIndex + scanned)...].firstIndex(of: UInt8(ascii: "\n")) else {
            scanned = view.count
            return nil
        }
        return index - view.startIndex
    }

    private func dropCarriageReturn(_ line: inout ByteBuffer) {
        guard line.readableBytesView.last == UInt8(ascii: "\r") else { return }
        line.moveWriterIndex(to: line.writerIndex - 1)
    }
}
