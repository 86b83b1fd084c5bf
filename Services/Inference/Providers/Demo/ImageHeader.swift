/// The format and the dimensions of an image, read from its first bytes.
struct ImageHeader: Equatable {
    enum Kind: String {
        case png = "PNG"
        case jpeg = "JPEG"
        case gif = "GIF"
        case webp = "WebP"
    }

    let kind: Kind
    let width: Int
    let height: Int

    /// Reads the header; `nil` if the format is unknown or the header is incomplete.
    init?(_ bytes: [UInt8]) {
        let reader = Reader(bytes: bytes)
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            guard let width = reader.big(16, 4), let height = reader.big(20, 4) else { return nil }
            (kind, self.width, self.height) = (.png, width, height)
        } else if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) {
            guard let width = reader.little(6, 2), let height = reader.little(8, 2) else { return nil }
            (kind, self.width, self.height) = (.gif, width, height)
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            guard let size = reader.jpegSize() else { return nil }
            (kind, width, height) = (.jpeg, size.width, size.height)
        } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
            guard let size = reader.webpSize() else { return nil }
            (kind, width, height) = (.webp, size.width, size.height)
        } else {
            return nil
        }
        guard width > 0, height > 0 else { return nil }
    }

    /// Reads numbers with bounds checks.
    private struct Reader {
        let bytes: [UInt8]

        func big(_ offset: Int, _ count: Int) -> Int? {
            guard offset + count <= bytes.count else { return nil }
            return bytes[offset..<(offset + count)].reduce(0) { $0 << 8 | Int($1) }
        }

        func little(_ offset: Int, _ count: Int) -> Int? {
            guard offset + count <= bytes.count else { return nil }
            return bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        /// Reads the first frame header; other segments are skipped.
        func jpegSize() -> (width: Int, height: Int)? {
            var offset = 2
            while let marker = big(offset, 2), marker >> 8 == 0xFF {
                let code = marker & 0xFF
                // Fill bytes, and markers without a segment.
                if code == 0xFF {
                    offset += 1
                    continue
                }
                if code == 0x01 || (0xD0...0xD8).contains(code) {
                    offset += 2
                    continue
                }
                guard let length = big(offset + 2, 2), length >= 2 else { return nil }
                if (0xC0...0xCF).contains(code), ![0xC4, 0xC8, 0xCC].contains(code) {
                    guard let height = big(offset + 5, 2), let width = big(offset + 7, 2) else { return nil }
                    return (width, height)
                }
                // The image data begins without a frame header.
                if code == 0xDA || code == 0xD9 { return nil }
                offset += 2 + length
            }
            return nil
        }

        /// Reads the first chunk, which has one of three types.
        func webpSize() -> (width: Int, height: Int)? {
            let chunk = bytes.dropFirst(12)
            if chunk.starts(with: "VP8X".utf8) {
                guard let width = little(24, 3), let height = little(27, 3) else { return nil }
                return (width + 1, height + 1)
            }
            if chunk.starts(with: "VP8L".utf8) {
                guard bytes.count > 20, bytes[20] == 0x2F, let bits = little(21, 4) else { return nil }
                return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
            }
            if chunk.starts(with: "VP8 ".utf8) {
                guard let start = big(23, 3), start == 0x9D012A, let width = little(26, 2), let height = little(28, 2)
                else { return nil }
                return (width & 0x3FFF, height & 0x3FFF)
            }
            return nil
        }
    }
}
