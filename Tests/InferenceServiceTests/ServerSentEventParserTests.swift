import NIOCore
import Testing

@testable import InferenceService

@Suite struct ServerSentEventParserTests {
    private func items(_ pieces: [String], ends: Bool = true) throws -> [ServerSentEventParser.Item] {
        var stream = ServerSentEventParser(limit: 1000)
        var items = try pieces.flatMap { try stream.append(ByteBuffer(string: $0)) }
        if ends { items += stream.end() }
        return items
    }

    private func data(_ texts: String...) -> [ServerSentEventParser.Item] {
        texts.map { .data(ByteBuffer(string: $0)) }
    }

    @Test func `the data of events is returned`() throws {
        #expect(try items(["data: a\n\ndata: b\n\n"]) == data("a", "b"))
        #expect(try items(["data:a\r\n\r\ndata:  b\r\n\r\n"]) == data("a", " b"))
        #expect(try items(["data: a\ndata: b\n\n"]) == data("a\nb"))
        #expect(try items(["data:\n\n"]) == data(""))
        #expect(try items(["\u{FEFF}data: a\n\n"]) == data("a"))
    }

    @Test func `comments and other fields are ignored`() throws {
        #expect(try items([": ping\n\nevent: x\nid: 5\nretry: 10\ndata: a\n\n:\n\n"]) == data("a"))
    }

    @Test func `events that are marked as errors are returned as such`() throws {
        let error = ByteBuffer(string: "no")
        for name in ["event: error", "event:error", "event:  Error \r", "event: response.error", "event: api_error"] {
            #expect(try items(["\(name)\ndata: no\n\ndata: a\n\n"]) == [.failure(error, status: nil)] + data("a"))
        }
        let text = "id:1\nevent:error\n:HTTP_STATUS/429\ndata:no\n\n"
        #expect(try items([text]) == [.failure(error, status: 429)])
        #expect(try items([": HTTP_STATUS/503\ndata:no\n\n"]) == [.failure(error, status: 503)])
        #expect(try items(["event: error\n\n"]) == [.failure(ByteBuffer(), status: nil)])
        #expect(try items(["id:1\nevent:result\n:HTTP_STATUS/200\ndata:a\n\n:HTTP_STATUS/429\n\n"]) == data("a"))
        #expect(try items([":HTTP_STATUS/429\n\ndata: a\n\n"]) == data("a"), "It belongs to one event.")
    }

    @Test func `an event without its empty line counts at the end only`() throws {
        #expect(try items(["data: a\n"], ends: false) == [])
        #expect(try items(["data: a\n"]) == data("a"))
        #expect(try items(["data: a"]) == data("a"))
    }

    @Test func `lines that are not fields are returned`() throws {
        #expect(try items(["{\"error\":1}\n"]) == [.stray(ByteBuffer(string: "{\"error\":1}"))])
        #expect(try items(["dataset: 1\n"]) == [.stray(ByteBuffer(string: "dataset: 1"))])
    }

    @Test func `events are the same however the bytes are split`() throws {
        let text = ": c\r\ndata: é你😀\r\n\r\nevent: x\ndata: b\ndata: c\n\ndata: [DONE]\n\n"
        let whole = try items([text])
        #expect(whole.count == 3)
        let bytes = Array(text.utf8)
        for cut in 1..<bytes.count {
            var stream = ServerSentEventParser(limit: 1000)
            var items = try stream.append(ByteBuffer(bytes: bytes[..<cut]))
            items += try stream.append(ByteBuffer(bytes: bytes[cut...]))
            #expect(items == whole, "Cut at \(cut).")
        }
        var stream = ServerSentEventParser(limit: 1000)
        #expect(try bytes.flatMap { try stream.append(ByteBuffer(bytes: [$0])) } == whole)
    }

    @Test func `the length of a line is limited`() {
        var stream = ServerSentEventParser(limit: 10)
        #expect(throws: (any Error).self) { _ = try stream.append(ByteBuffer(string: "data: 12345")) }
    }
}
