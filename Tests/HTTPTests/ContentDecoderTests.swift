import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ContentDecoderTests {
    static let text = String(repeating: "{\"answer\": \"Grüße\"}\n", count: 20_000)

    @Test(arguments: Compression.allCases)
    func `a compressed body is decoded, split anywhere`(_ format: Compression) async throws {
        let bytes = format.compress(Self.text)
        for size in [1, 2, 7, 1000, bytes.count] {
            #expect(try await decoded(pieces(bytes, of: size), label: format.label) == Self.text)
        }
    }

    @Test func `the first bytes decide, not the label`() async throws {
        let gzip = Compression.gzip.compress(Self.text)
        for label in ["", "identity", "deflate", "br", "X-GZIP", "gzip, gzip"] {
            #expect(try await decoded([gzip], label: label) == Self.text)
        }
        #expect(try await decoded([Compression.zlib.compress(Self.text)], label: "gzip") == Self.text)
        for label in ["gzip", "deflate", "br", "zstd", "utf-8", "none"] {
            #expect(try await decoded([Array(Self.text.utf8)], label: label) == Self.text)
        }
        #expect(try await decoded([Array("x".utf8)], label: "gzip") == "x")
        #expect(try await decoded([], label: "gzip") == "")
    }

    @Test func `what one read brings is decoded before the next`() async throws {
        let pieces = Compression.gzip.compress(pieces: ["data: one\n\n", "data: two\n\n"])
        var rest = pieces[...]
        let decoder = ContentDecoder(.gzip, limit: 1000)
        let first = try await decoder.next { rest.popFirst().map { ByteBuffer(bytes: $0) } }
        #expect(first.map { String(buffer: $0) } == "data: one\n\n")
        #expect(rest.count == 1)
    }

    @Test func `members of a gzip file are joined, and bytes after the last one are ignored`() async throws {
        let bytes = Compression.gzip.compress("one ") + Compression.gzip.compress("two") + [0, 0, 0]
        for size in [1, 3, bytes.count] {
            #expect(try await decoded(pieces(bytes, of: size), label: "gzip") == "one two")
        }
    }

    @Test func `a small body that decompresses to a large one ends at the limit`() async throws {
        let bomb = Compression.gzip.compress(String(repeating: "\0", count: 50_000_000))
        #expect(bomb.count < 100_000)
        await #expect(throws: ContentDecodingError.tooLarge(limit: 1_000_000)) {
            try await decoded([bomb], label: "gzip", limit: 1_000_000)
        }
    }

    @Test func `other encodings, invalid and incomplete data are errors`() async throws {
        let gzip = Compression.gzip.compress(Self.text)
        for (label, bytes, error) in [
            ("br", [0x8B, 0x02, 0x80], ContentDecodingError.unsupported("br")),
            ("ZSTD", [0x28, 0xB5, 0x2F, 0xFD], .unsupported("zstd")),
            ("", [0x28, 0xB5, 0x2F, 0xFD], .unsupported("zstd")),
            ("gzip, br", [0x8B, 0x02, 0x80], .unsupported("gzip, br")),
            ("gzip", Array(gzip.dropLast(9)), .truncated),
            ("gzip", gzip.prefix(10) + Array(repeating: 0xFF, count: 100), .invalid),
        ] as [(String, [UInt8], ContentDecodingError)] {
            await #expect(throws: error) { try await decoded([bytes], label: label) }
        }
    }

    @Test func `the client decodes a response on request, and closes the connection after an error`() async throws {
        let gzip = Compression.gzip.compress(Self.text)
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: "
        let answer = FakeResponse(head: head + "\(gzip.count)\r\n\r\n", body: gzip).ending(.close)
        try await RawServer.with(saying: answer) { server in
            let request = try HTTPClient.Request(url: "http://\(server.authority)/")
            let client = HTTPClient()
            let response = try await client.send(request).decodingContent(upTo: 1 << 20)
            #expect(String(buffer: try await response.body.collect(upTo: 1 << 20)) == Self.text)
            let limited = try await client.send(request).decodingContent(upTo: 10)
            await #expect(throws: HTTPClientError.self) { try await limited.body.collect(upTo: 1 << 20) }
            try await eventually("The connection's end") { server.openConnections == 0 }
        }
    }

    private func pieces(_ bytes: [UInt8], of size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }

    @discardableResult
    private func decoded(_ pieces: [[UInt8]], label: String, limit: Int = 1 << 20) async throws -> String {
        let encoding = ContentEncoding(label.isEmpty ? [:] : ["Content-Encoding": label])
        let rest = RestOfPieces(pieces)
        let stream = ByteStream(next: { await rest.next() }).decoded(encoding, limit: limit)
        return String(buffer: try await stream.collect(upTo: .max))
    }
}

private actor RestOfPieces {
    private var pieces: ArraySlice<[UInt8]>

    init(_ pieces: [[UInt8]]) {
        self.pieces = pieces[...]
    }

    func next() -> ByteBuffer? {
        pieces.popFirst().map { ByteBuffer(bytes: $0) }
    }
}
