/// What a fake server sends back, byte for byte, and how rudely.
package struct FakeResponse: Sendable {
    /// The whole answer: head and body.
    package var bytes: [UInt8]
    /// How long the head is: where the body's first byte stands.
    package let headLength: Int
    /// Offsets at which one write ends and the next begins.
    private var borders: [Int] = []
    /// How long to wait between two writes.
    private(set) var pause = Duration.zero
    /// What happens after the last byte.
    private(set) var ending = Ending.keepAlive

    /// What happens after the last byte.
    package enum Ending: Sendable {
        /// The connection waits for the next request.
        case keepAlive
        /// The connection is closed properly.
        case close
        /// The connection is reset.
        case reset
        /// Nothing more comes until the peer leaves.
        case stall
        /// The sending side is shut; the peer may still be heard, until it leaves.
        case halfClose
    }

    package init(head: String, body: some Sequence<UInt8>) {
        bytes = Array(head.utf8)
        headLength = bytes.count
        bytes += body
    }

    /// The same, but only its first `count` bytes, and then `ending`.
    package func cut(after count: Int, _ ending: Ending = .close) -> FakeResponse {
        var answer = self
        answer.bytes = Array(bytes.prefix(count))
        answer.ending = ending
        return answer
    }

    /// The same, but after its last byte comes `ending`.
    package func ending(_ ending: Ending) -> FakeResponse {
        cut(after: bytes.count, ending)
    }

    /// The same without the chunk that ends the body, for which its reader waits in vain.
    package var stalledBeforeEnd: FakeResponse {
        cut(after: bytes.count - "0\r\n\r\n".utf8.count, .stall)
    }

    /// The same, and reset a moment after all of it has been read.
    package var resetLater: FakeResponse {
        split(at: [bytes.count - 1], pause: .milliseconds(50)).ending(.reset)
    }

    /// The same and, a moment after all of it has been read, more, whatever it is; then the connection is closed.
    package func followedLater(by text: String) -> FakeResponse {
        var answer = ending(.close)
        answer.bytes += text.utf8
        return answer.split(at: [bytes.count], pause: .milliseconds(50))
    }

    /// The same, written in pieces that end at these offsets.
    package func split(at offsets: [Int], pause: Duration = .milliseconds(1)) -> FakeResponse {
        var answer = self
        answer.borders = offsets
        answer.pause = pause
        return answer
    }

    /// The same, one byte a write.
    package func byteByByte(pause: Duration = .zero) -> FakeResponse {
        split(at: Array(0..<bytes.count), pause: pause)
    }

    /// The same, one chunk of the body a write.
    package func lineByLine(pause: Duration) -> FakeResponse {
        let end = Array("\n\r\n".utf8)
        return split(
            at: bytes.indices.filter { $0 > headLength + 3 && bytes[($0 - 3)..<$0].elementsEqual(end) },
            pause: pause
        )
    }

    /// What is written at once, piece by piece.
    var pieces: [ArraySlice<UInt8>] {
        let ends = Set(borders).filter { $0 > 0 && $0 < bytes.count }.sorted() + [bytes.count]
        var start = 0
        return ends.map { end in
            defer { start = end }
            return bytes[start..<end]
        }
    }
}
