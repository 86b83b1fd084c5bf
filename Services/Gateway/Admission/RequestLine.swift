import Foundation
import NIOCore

/// The first line of a request that is not parsed yet, as far as it has arrived, and the beginning of its headers.
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
        // A parser ignores empty lines before a request (RFC 9112, 2.2).
        let start = bytes.readableBytesView.prefix(Self.sizeLimit).drop(while: Self.isLineBreak)
        let line = start.prefix { !Self.isLineBreak($0) }
        return String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
    }

    private static func isLineBreak(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
    }

    /// The path that is asked for, if the line has one; also that of an absolute target.
    var target: String? {
        let words = words
        guard words.count > 1 else { return nil }
        if words[1].hasPrefix("/") { return String(words[1]) }
        guard let scheme = words[1].range(of: "://") else { return nil }
        let path = words[1][scheme.upperBound...].drop { $0 != "/" }
        return path.isEmpty ? nil : String(path)
    }

    /// Whether the line has a target that does not end within the first 8,192 bytes.
    var isTooLong: Bool {
        guard let bytes, bytes.readableBytes >= Self.sizeLimit else { return false }
        let words = words
        return words.count == 2 && words[0].utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }

    /// The value of the header `Origin`, if its line is complete.
    var origin: String? {
        guard let bytes else { return nil }
        let text = String(decoding: bytes.readableBytesView.prefix(Self.sizeLimit), as: UTF8.self)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropFirst().dropLast()
        let line = lines.first { $0.lowercased().hasPrefix("origin:") }
        return line?.dropFirst(7).trimmingCharacters(in: .whitespaces)
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
        return words.count == 3 && words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0"
            && words[2].wholeMatch(of: /HTTP\/[0-9](\.[0-9])?/) != nil
    }
}
