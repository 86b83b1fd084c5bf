import Glibc
package import NIOCore

/// Splits a stream of bytes into lines: newline-delimited JSON of the bus and of Ollama, and event streams.
///
/// A line ends with `\n` or `\r\n`; empty lines are dropped. An incomplete line is ``unfinished``: at the end of a stream
/// it is empty unless the stream was truncated.
package struct JSONLines: Sendable {
    /// A line exceeded the limit; the rest of the stream cannot be read.
    package struct TooLong: Error, Equatable {
        package let limit: Int

        package init(limit: Int) {
            self.limit = limit
        }
    }

    private let limit: Int
    private let keepsEmptyLines: Bool
    private var pending = ByteBuffer()
    /// Number of bytes of `pending` without a newline, so that a long line is searched only once.
    private var searched = 0

    /// Creates a splitter for lines of at most `limit` bytes without their newlines.
    package init(limit: Int, keepsEmptyLines: Bool = false) {
        self.limit = limit
        self.keepsEmptyLines = keepsEmptyLines
    }

    /// The bytes after the last newline.
    package var unfinished: ByteBuffer { pending }

    /// Adds bytes; returns all complete lines.
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
        // Releases the storage of lines that were returned.
        if pending.readerIndex > 65_536 { pending.discardReadBytes() }
        return lines
    }

    /// Length of the first line; `nil` without a newline.
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
