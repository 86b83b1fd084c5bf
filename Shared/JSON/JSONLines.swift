import Glibc
package import NIOCore

/// Takes bytes as they come and gives whole lines: the newline-delimited JSON of the bus and of Ollama,
/// and the lines of event streams.
///
/// A line ends with `\n`; a `\r` before it is dropped, and so are empty lines. What has come of a line that has not ended is
/// ``unfinished``: at the end of a stream it is either nothing or a line that was cut.
package struct JSONLines: Sendable {
    /// A line grew beyond the limit; nothing after it can be read.
    package struct TooLong: Error, Equatable {
        package let limit: Int

        package init(limit: Int) {
            self.limit = limit
        }
    }

    private let limit: Int
    private let keepsEmptyLines: Bool
    private var pending = ByteBuffer()
    /// How many bytes of `pending` are known to hold no newline, so that a long line is not searched twice.
    private var searched = 0

    /// Lines of at most `limit` bytes, without their newlines; empty ones are dropped unless they are to be kept.
    package init(limit: Int, keepsEmptyLines: Bool = false) {
        self.limit = limit
        self.keepsEmptyLines = keepsEmptyLines
    }

    /// The bytes after the last newline.
    package var unfinished: ByteBuffer { pending }

    /// Adds bytes and takes all lines that are whole by now.
    package mutating func append(_ bytes: ByteBuffer) throws(TooLong) -> [ByteBuffer] {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
        var lines: [ByteBuffer] = []
        while let length = lengthOfLine() {
            guard length <= limit else { throw TooLong(limit: limit) }
            guard var line = pending.readSlice(length: length) else { break }
            pending.moveReaderIndex(forwardBy: 1)
            if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
            if line.readableBytes > 0 || keepsEmptyLines { lines.append(line) }
        }
        guard pending.readableBytes <= limit else { throw TooLong(limit: limit) }
        // Lines that are done with must not keep growing the storage of one that never ends.
        if pending.readerIndex > 65_536 { pending.discardReadBytes() }
        return lines
    }

    /// How long the first line is, once its newline has come.
    private mutating func lengthOfLine() -> Int? {
        let start = searched
        let length = pending.withUnsafeReadableBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, bytes.count > start else { return nil }
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            return found.map { UnsafeRawPointer($0) - base }
        }
        searched = length == nil ? pending.readableBytes : 0
        return length
    }
}
