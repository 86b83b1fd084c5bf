extension ByteStream {
    /// The body without its content encoding.
    ///
    /// Reading it throws ``ContentDecodingError`` for an unsupported encoding, for invalid data, and for more than
    /// `limit` decoded bytes.
    package func decoded(_ encoding: ContentEncoding, limit: Int) -> ByteStream {
        let decoder = ContentDecoder(encoding, limit: limit)
        return ByteStream(next: { try await decoder.next { try await self.next() } }, close: { self.close() })
    }
}
