import NIOCore

/// The first line of a request that is not parsed yet, as far as it has arrived.
///
/// Only a request that never gets a head needs it: its refusal has the format of the surface that was asked.
struct RequestLine {
    private static let sizeLimit = 8192

    private var bytes: ByteBuffer?

    /// Starts with the first bytes of a request.
    mutating func begin(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }

    /// Continues with the bytes that follow.
    mutating func append(_ more: ByteBuffer) {
        guard let count = bytes?.readableBytes, count < Self.sizeLimit else { return }
        bytes?.writeImmutableBuffer(more)
    }

    mutating func clear() {
        bytes = nil
    }

    /// The parts of the line: method, target and version.
    private var words: [Substring] {
        guard let bytes else { return [] }
        let start = bytes.readableBytesView.prefix(Self.sizeLimit)
        let line = start.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        return String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
    }

    /// The path that is asked for, if the line has one.
    var target: String? {
        let words = words
        return words.count > 1 && words[1].hasPrefix("/") ? String(words[1]) : nil
    }

    /// Whether the line begins with a well-formed method.
    var hasMethod: Bool {
        let words = words
        return words.count == 3 && words[0].utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            && words[2].hasPrefix("HTTP/1.")
    }

    /// Whether the line ends with a well-formed version.
    var hasUnsupportedVersion: Bool {
        let words = words
        return words.count == 3 && words[2].wholeMatch(of: /HTTP\/[0-9](\.[0-9])?/) != nil
    }
}
