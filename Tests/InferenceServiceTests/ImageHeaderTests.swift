import Testing

@testable import InferenceService

@Suite struct ImageHeaderTests {
    private static let png: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8) + [
            0, 0, 2, 0x80, 0, 0, 1, 0xE0,
        ]
    private static let gif: [UInt8] = Array("GIF89a".utf8) + [0x40, 0x01, 0xF0, 0]
    /// A header with an application segment and fill bytes before the frame.
    private static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xC2, 0, 11, 8, 0, 100, 0, 200, 3, 1, 1, 1]
    private static let riff: [UInt8] = Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBP".utf8)
    private static let lossy =
        riff + Array("VP8 ".utf8) + [0, 0, 0, 0, 0, 0, 0, 0x9D, 0x01, 0x2A, 0x20, 0x03, 0x58, 0x42]
    private static let lossless = riff + Array("VP8L".utf8) + [0, 0, 0, 0, 0x2F, 0x1F, 0xC3, 0x95, 0x00]
    private static let extended =
        riff + Array("VP8X".utf8) + [10, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0x07, 0, 0x37, 0x04, 0]

    @Test func `formats and dimensions are read`() throws {
        let cases: [([UInt8], ImageHeader.Kind, Int, Int)] = [
            (Self.png, .png, 640, 480), (Self.gif, .gif, 320, 240), (Self.jpeg, .jpeg, 200, 100),
            (Self.lossy, .webp, 800, 600), (Self.lossless, .webp, 800, 600), (Self.extended, .webp, 1920, 1080),
        ]
        for (bytes, kind, width, height) in cases {
            let header = try #require(ImageHeader(bytes), "\(kind)")
            #expect(header.kind == kind && header.width == width && header.height == height, "\(header)")
        }
    }

    @Test func `truncated headers are rejected without a crash`() {
        for bytes in [Self.png, Self.gif, Self.jpeg, Self.lossy, Self.lossless, Self.extended] {
            for count in 0..<min(bytes.count, 9) { #expect(ImageHeader(Array(bytes.prefix(count))) == nil) }
            for count in bytes.indices { _ = ImageHeader(Array(bytes.prefix(count))) }
            for _ in 0..<20_000 {
                var changed = bytes
                changed[.random(in: 0..<bytes.count)] = .random(in: 0...255)
                changed[.random(in: 0..<bytes.count)] = .random(in: 0...255)
                _ = ImageHeader(changed)
            }
        }
        #expect(ImageHeader([0xFF, 0xD8, 0xFF, 0xDA, 0, 2]) == nil)
        #expect(ImageHeader([0xFF, 0xD8, 0xFF, 0xE0, 0, 0]) == nil)
    }
}
