import CZlib

/// A format that compresses bodies in tests.
package enum Compression: Int32, Sendable, CaseIterable {
    case gzip = 31
    case zlib = 15
    case raw = -15

    /// The value of `content-encoding`.
    package var label: String { self == .gzip ? "gzip" : "deflate" }

    /// Compresses texts one after another, so that each can be decompressed before the next arrives.
    package func compress(pieces: [String]) -> [[UInt8]] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        precondition(
            deflateInit2_(&stream, 9, Z_DEFLATED, rawValue, 8, Z_DEFAULT_STRATEGY, zlibVersion(), size) == Z_OK
        )
        defer { deflateEnd(&stream) }
        return pieces.indices.map { index in
            let bytes = Array(pieces[index].utf8)
            let flush = index == pieces.count - 1 ? Z_FINISH : Z_SYNC_FLUSH
            let room = Int(deflateBound(&stream, UInt(bytes.count))) + 64
            return bytes.withUnsafeBufferPointer { source in
                [UInt8](unsafeUninitializedCapacity: room) { target, count in
                    stream.next_in = source.baseAddress
                    stream.avail_in = UInt32(source.count)
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(room)
                    _ = deflate(&stream, flush)
                    count = room - Int(stream.avail_out)
                }
            }
        }
    }

    package func compress(_ text: String) -> [UInt8] {
        compress(pieces: [text]).flatMap(\.self)
    }
}
