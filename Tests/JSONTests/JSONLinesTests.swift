import JSON
import NIOCore
import TestSupport
import Testing

@Suite struct JSONLinesTests {
    /// A stream with characters of one to four bytes and both kinds of line ends.
    private static let recorded = Array(
        (FakeResponse.chatLines(["Hel", "lo ", "grüß ", "你好 ", "👩‍🍳🏽", "\u{7F}\\\"\n"]).joined(separator: "\n")
            + "\r\n\n\r\n{\"last\":\"é\"}\n").utf8
    )

    private func lines(_ pieces: [ArraySlice<UInt8>]) throws -> [String] {
        var parser = JSONLines(limit: 4096)
        var lines: [String] = []
        for piece in pieces { lines += try parser.append(ByteBuffer(bytes: piece)).map { String(buffer: $0) } }
        #expect(parser.unfinished.readableBytes == 0)
        return lines
    }

    @Test func `a stream is split into its lines`() throws {
        let lines = try lines([Self.recorded[...]])
        #expect(lines.count == 8)
        #expect(lines.last == "{\"last\":\"é\"}")
        #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test func `the lines do not depend on where the bytes are split`() throws {
        let whole = try lines([Self.recorded[...]])
        for border in 0...Self.recorded.count {
            let split = try lines([Self.recorded[..<border], Self.recorded[border...]])
            #expect(split == whole, "Split at \(border).")
        }
    }

    @Test func `single bytes give the same lines`() throws {
        let whole = try lines([Self.recorded[...]])
        #expect(try lines(Self.recorded.indices.map { Self.recorded[$0...$0] }) == whole)
    }

    @Test func `a truncated stream gives complete lines, and the rest is unfinished`() throws {
        let whole = try lines([Self.recorded[...]])
        for end in 0...Self.recorded.count {
            var parser = JSONLines(limit: 4096)
            let lines = try parser.append(ByteBuffer(bytes: Self.recorded[..<end])).map { String(buffer: $0) }
            #expect(lines == Array(whole.prefix(lines.count)), "Cut after \(end).")
            let rest = Self.recorded[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).last
            #expect(Array(parser.unfinished.readableBytesView) == Array(rest ?? []), "Cut after \(end).")
        }
    }

    @Test func `a last line without a newline is unfinished`() throws {
        var parser = JSONLines(limit: 100)
        #expect(try parser.append(ByteBuffer(string: "{}\n{\"done\":true}")).count == 1)
        #expect(String(buffer: parser.unfinished) == "{\"done\":true}")
    }

    @Test func `a line longer than the limit is rejected`() throws {
        for pieces in [[100], [60, 40], [99, 1]] {
            var parser = JSONLines(limit: 100)
            for piece in pieces {
                #expect(try parser.append(ByteBuffer(repeating: UInt8(ascii: "x"), count: piece)).isEmpty)
            }
            #expect(try parser.append(ByteBuffer(string: "\n")).first?.readableBytes == 100)
        }
        #expect(throws: JSONLines.TooLong(limit: 100)) {
            var parser = JSONLines(limit: 100)
            _ = try parser.append(ByteBuffer(repeating: UInt8(ascii: "x"), count: 101))
        }
        #expect(throws: JSONLines.TooLong(limit: 100)) {
            var parser = JSONLines(limit: 100)
            _ = try parser.append(ByteBuffer(string: String(repeating: "x", count: 101) + "\n"))
        }
    }

    @Test func `the storage does not grow with the number of lines`() throws {
        var parser = JSONLines(limit: 100)
        var count = 0
        for _ in 0..<1000 {
            count += try parser.append(ByteBuffer(string: String(repeating: "ab\n", count: 1000) + "c")).count
            #expect(parser.unfinished.capacity < 1_000_000)
            count += try parser.append(ByteBuffer(string: "\n")).count
        }
        #expect(count == 1_001_000)
    }
}
