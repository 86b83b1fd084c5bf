package import NIOCore
package import NIOHTTP1

extension HTTPClient {
    /// One request.
    package struct Request: Sendable {
        package enum Body: Sendable {
            case bytes(ByteBuffer)
            /// Sent with its announced length, otherwise chunked; nothing is taken from it before there is a connection.
            case stream(ByteStream)
        }

        package var method: HTTPMethod
        package var target: HTTPTarget
        /// Path and query.
        package var path: String
        /// Without `host`, `content-length` and `transfer-encoding`, which the client writes.
        package var headers: HTTPHeaders
        package var body: Body?
        /// Maximum time until a connection is open (default: that of the client).
        package var connectTimeout: Duration?
        /// Maximum time until the response head, from the moment when the connection is open and a streamed body is
        /// sent.
        package var headTimeout: Duration
        /// Maximum time without progress between two reads of the response body, or two writes of a streamed one.
        package var readTimeout: Duration
        /// Maximum time until the end of the response body (default: unlimited).
        package var totalTimeout: Duration?
        /// How long bytes of the response body are collected, from the last delivery, before they are delivered.
        package var gather: Duration?
        /// Cancels the exchange from outside its task, until the response head of an upgrade has arrived.
        package var canceller: CallCanceller?

        package init(
            method: HTTPMethod = .GET,
            target: HTTPTarget,
            path: String,
            headers: HTTPHeaders = [:],
            body: ByteBuffer? = nil,
            headTimeout: Duration = .seconds(30),
            readTimeout: Duration = .seconds(60),
            gather: Duration? = nil
        ) {
            self.method = method
            self.target = target
            self.path = path
            self.headers = headers
            self.body = body.map { .bytes($0) }
            self.headTimeout = headTimeout
            self.readTimeout = readTimeout
            self.gather = gather
        }

        package init(
            method: HTTPMethod = .GET,
            url: String,
            headers: HTTPHeaders = [:],
            body: ByteBuffer? = nil,
            headTimeout: Duration = .seconds(30),
            readTimeout: Duration = .seconds(60)
        ) throws(HTTPClientError) {
            let (target, path) = try HTTPTarget.parse(url)
            self.init(
                method: method,
                target: target,
                path: path,
                headers: headers,
                body: body,
                headTimeout: headTimeout,
                readTimeout: readTimeout
            )
        }
    }
}
