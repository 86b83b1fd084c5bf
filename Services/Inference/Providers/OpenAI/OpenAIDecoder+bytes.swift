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

    /// Whether words keep a connection open and say nothing.
    static func isKeepAlive(_ text: String) -> Bool {
        let word = text.lowercased().filter { !$0.isWhitespace && !"-_:.".contains($0) }
        return ["", "ping", "pong", "keepalive", "heartbeat", "processing", "openrouterprocessing", "null", "true"]
            .contains(word)
    }
}
