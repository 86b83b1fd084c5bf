import CZlib
import NIOCore

/// Decompresses one stream of a zlib format, piece by piece.
final class Inflater {
    /// A format, as zlib's parameter `windowBits` names it.
    enum Format: Int32 {
        /// RFC 1952.
        case gzip = 31
        /// RFC 1950.
        case zlib = 15
        /// RFC 1951.
        case raw = -15
    }

    /// Whether the compressed data has ended.
    private(set) var isComplete = false
    /// Whether output may be available without further input.
    private(set) var hasMore = false
    private let stream: UnsafeMutablePointer<z_stream>

    init(_ format: Format) throws(ContentDecodingError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(stream, format.rawValue, zlibVersion(), size) == Z_OK else { throw .invalid }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Prepares for another stream of the same format.
    func reset() {
        inflateReset(stream)
        isComplete = false
        hasMore = false
    }

    /// Decompresses bytes from the beginning of `input`, which loses what was used.
    /// - Parameters:
    ///   - input: the compressed bytes that have arrived.
    ///   - limit: the maximum number of bytes to return.
    /// - Returns: the decompressed bytes; empty if more input is needed.
    /// - Throws: an error for bytes that are not compressed in this format.
    func output(from input: inout ByteBuffer, upTo limit: Int) throws(ContentDecodingError) -> ByteBuffer {
        var output = ByteBuffer()
        var status = Z_OK
        let used = input.withUnsafeReadableBytes { source in
            stream.pointee.next_in = source.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_in = UInt32(clamping: source.count)
            let available = stream.pointee.avail_in
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { target in
                stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = UInt32(clamping: min(limit, target.count))
                let writable = stream.pointee.avail_out
                status = inflate(stream, Z_SYNC_FLUSH)
                hasMore = stream.pointee.avail_out == 0
                return Int(writable - stream.pointee.avail_out)
            }
            let used = available - stream.pointee.avail_in
            stream.pointee.next_in = nil
            stream.pointee.next_out = nil
            return Int(used)
        }
        input.moveReaderIndex(forwardBy: used)
        switch status {
        case Z_STREAM_END:
            isComplete = true
            hasMore = false
        // Z_BUF_ERROR: zlib needs more input.
        case Z_OK, Z_BUF_ERROR: break
        default: throw .invalid
        }
        return output
    }
}
