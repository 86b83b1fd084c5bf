/// Texts in the formats of zlib, without compression, and a text that is much longer than its compressed form.
enum Compressed {
    /// RFC 1952.
    static func gzip(_ text: String) -> [UInt8] {
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
        return head + deflate(text) + little(checksum(text)) + little(UInt32(text.utf8.count))
    }

    /// RFC 1950.
    static func zlib(_ text: String) -> [UInt8] {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in text.utf8 {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return [0x78, 0x01] + deflate(text) + little((b << 16 | a).byteSwapped)
    }

    /// RFC 1951: one block that is stored.
    static func deflate(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        let length = UInt16(bytes.count)
        return [1, UInt8(length & 0xFF), UInt8(length >> 8), UInt8(~length & 0xFF), UInt8(~length >> 8)] + bytes
    }

    /// Many members of a gzip file, each of which is 1 MiB of spaces in about 1 KB, as zlib writes it.
    static func spaces(mebibytes: Int) -> [UInt8] {
        let head: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3, 0xED, 0xC1, 0x31, 1, 0, 0, 0, 0xC2, 0xA0, 0x2A, 0xEB, 0x9F, 0xD2, 0x10,
            0xBE, 0x40, 1,
        ]
        let tail: [UInt8] = [0x7C, 6, 0xA7, 2, 3, 0xF1, 0, 0, 0x10, 0]
        let member = head + [UInt8](repeating: 0, count: 1015) + tail
        return Array(repeatElement(member, count: mebibytes).joined())
    }

    private static func checksum(_ text: String) -> UInt32 {
        ~text.utf8.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
}
