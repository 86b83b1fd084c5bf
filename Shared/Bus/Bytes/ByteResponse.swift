package import HTTP
package import NIOHTTP1

/// The response of a byte endpoint: a value, and a body of bytes with the headers that describe it.
package struct ByteResponse<Value: Codable & Sendable>: Sendable {
    /// OK, partial content, not modified, precondition failed, range not satisfiable.
    static var statuses: [Int] { [200, 206, 304, 412, 416] }

    /// One of 200, 206, 304, 412 and 416.
    package var status: Int
    /// The headers that are passed on; others are dropped.
    package var headers: HTTPHeaders
    package var value: Value
    package var body: ByteStream

    package init(_ value: Value, status: Int = 200, headers: HTTPHeaders = [:], body: ByteStream) {
        self.value = value
        self.status = status
        self.headers = ByteHeaders.response(headers)
        self.body = body
    }

    /// The response as it is sent to a client, without the value.
    package var serverResponse: ServerResponse {
        ServerResponse(status: HTTPResponseStatus(statusCode: status), headers: headers, stream: body)
    }
}
