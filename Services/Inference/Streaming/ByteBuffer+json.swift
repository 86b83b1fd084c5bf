import NIOCore

extension ByteBuffer {
    /// Whether the bytes begin like an object or an array of objects, and not like words.
    var beginsJSON: Bool {
        var bytes = readableBytesView.drop { $0 <= 0x20 }
        if bytes.first == UInt8(ascii: "[") { bytes = bytes.dropFirst().drop { $0 <= 0x20 } }
        return bytes.first.map { "{]".utf8.contains($0) } ?? true
    }
}
