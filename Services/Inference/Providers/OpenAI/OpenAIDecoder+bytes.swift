import NIOCore

/// What the data of an event is, by its bytes.
extension OpenAIDecoder {
    /// Whether the data is the mark of the end, `[DONE]`, in any case.
    static func isDone(_ data: ByteBuffer) -> Bool {
        // Every chunk is longer.
        guard data.readableBytes < 16 else { return false }
        return String(buffer: data).lowercased().filter { !$0.isWhitespace } == "[done]"
    }

    /// Whether the last line of the data is the mark of the end.
    static func endsWithDone(_ data: ByteBuffer) -> Bool {
        let line = data.readableBytesView.suffix(16).split(separator: UInt8(ascii: "\n")).last ?? []
        return isDone(ByteBuffer(bytes: line))
    }

    /// Whether the data begins like an object or an array of objects, and not like words.
    static func isJSON(_ data: ByteBuffer) -> Bool {
        var bytes = data.readableBytesView.drop { $0 <= 0x20 }
        if bytes.first == UInt8(ascii: "[") { bytes = bytes.dropFirst().drop { $0 <= 0x20 } }
        return bytes.first.map { "{]".utf8.contains($0) } ?? true
    }

    /// Whether words keep a connection open and say nothing.
    static func isKeepAlive(_ text: String) -> Bool {
        let word = text.lowercased().filter { $0.isLetter }
        return ["", "ping", "pong", "keepalive", "heartbeat", "processing", "openrouterprocessing", "null", "true"]
            .contains(word)
    }
}
