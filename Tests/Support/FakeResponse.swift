/// A response of a fake server, byte for byte, and how it is sent.
package struct FakeResponse: Sendable {
    /// Head and body.
    package var bytes: [UInt8]
    /// Length of the head, in bytes.
    package let headLength: Int
    /// Offsets at which one write ends and the next begins.
    private var borders: [Int] = []
    /// Delay between two writes.
    private(set) var pause = Duration.zero
    /// What happens after the last byte.
    private(set) var ending = Ending.keepAlive

    /// What happens after the last byte.
    package enum Ending: Sendable {
        /// The connection stays open for the next request.
        case keepAlive
        /// The connection is closed.
        case close
        /// The connection is reset.
        case reset
        /// Nothing more is sent until the client disconnects.
        case stall
        /// The sending side is closed.
        case halfClose
    }

    package init(head: String, body: some Sequence<UInt8>) {
        bytes = Array(head.utf8)
        headLength = bytes.count
        bytes += body
    }

    /// Returns the first `count` bytes, followed by `ending`.
    package func cut(after count: Int, _ ending: Ending = .close) -> FakeResponse {
        var answer = self
        answer.bytes = Array(bytes.prefix(count))
        answer.ending = ending
        return answer
    }

    /// Returns the response followed by `ending`.
    package func ending(_ ending: Ending) -> FakeResponse {
        cut(after: bytes.count, ending)
    }

    /// The response without the last chunk, which is never sent.
    package var stalledBeforeEnd: FakeResponse {
        cut(after: bytes.count - "0\r\n\r\n".utf8.count, .stall)
    }

    /// The response, followed by a reset shortly after its last byte.
    package var resetLater: FakeResponse {
        split(at: [bytes.count - 1], pause: .milliseconds(50)).ending(.reset)
    }

    /// Returns the response, followed by more bytes shortly after its last byte; then the connection is closed.
    package func followedLater(by text: String) -> FakeResponse {
        var answer = ending(.close)
        answer.bytes += text.utf8
        return answer.split(at: [bytes.count], pause: .milliseconds(50))
    }

    /// Returns the response, written in pieces that end at these offsets.
    package func split(at offsets: [Int], pause: Duration = .milliseconds(1)) -> FakeResponse {
        var answer = self
        answer.borders = offsets
        answer.pause = pause
        return answer
    }

    /// Returns the response, written byte by byte.
    package func byteByByte(pause: Duration = .zero) -> FakeResponse {
        split(at: Array(0..<bytes.count), pause: pause)
    }

    /// Returns the response, written chunk by chunk.
    package func lineByLine(pause: Duration) -> FakeResponse {
        let end = Array("\n\r\n".utf8)
        return split(
            at: bytes.indices.filter { $0 > headLength + 3 && bytes[($0 - 3)..<$0].elementsEqual(end) },
            pause: pause
        )
    }

    /// The pieces, each of which is one write.
    var pieces: [ArraySlice<UInt8>] {
        let ends = Set(borders).filter { $0 > 0 && $0 < bytes.count }.sorted() + [bytes.count]
        var start = 0
        return ends.map { end in
            defer { start = end }
            return bytes[start..<end]
        }
    }
}
