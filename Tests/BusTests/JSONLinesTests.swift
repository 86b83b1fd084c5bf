import Bus
import NIOCore
import Testing

struct JSONLinesTests {
    private let text = "{\"a\":1}\r\n\n{\"text\":\"zoë 🙂\"}\n{\"b\":[1,2]}\nrest"
    private let lines = ["{\"a\":1}", "{\"text\":\"zoë 🙂\"}", "{\"b\":[1,2]}"]

    @Test func `lines are whole wherever the bytes are split`() throws {
        let bytes = Array(text.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var parser = JSONLines(limit: 100)
                var seen: [String] = []
                for part in [bytes[..<first], bytes[first..<second], bytes[second...]] {
                    seen += try parser.append(ByteBuffer(bytes: part)).map { String(buffer: $0) }
                }
                #expect(seen == lines)
                #expect(parser.unfinished == 4)
            }
        }
    }

    @Test func `lines are whole byte by byte`() throws {
        var parser = JSONLines(limit: 100)
        let seen = try text.utf8.flatMap { try parser.append(ByteBuffer(bytes: [$0])).map { String(buffer: $0) } }
        #expect(seen == lines)
    }

    @Test func `a line beyond the limit is refused, ended or not`() {
        var parser = JSONLines(limit: 8)
        #expect(throws: JSONLines.TooLong.self) { _ = try parser.append(ByteBuffer(string: "123456789")) }
        var other = JSONLines(limit: 8)
        #expect(throws: JSONLines.TooLong.self) { _ = try other.append(ByteBuffer(string: "123456789\n")) }
    }
}
