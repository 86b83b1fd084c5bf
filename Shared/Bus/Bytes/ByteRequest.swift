package import HTTP
package import NIOHTTP1

/// The bytes of a byte endpoint's request, and the headers that describe them.
package struct ByteRequest: Sendable {
    /// The headers that are passed on; others are dropped.
    package var headers: HTTPHeaders
    /// The body; `nil` for none.
    package var body: ByteStream?

    package init(headers: HTTPHeaders = [:], body: ByteStream? = nil) {
        self.headers = ByteHeaders.request(headers)
        self.body = body
    }
}
