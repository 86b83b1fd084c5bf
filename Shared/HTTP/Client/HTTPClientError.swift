/// The reason why a request got no complete response.
package struct HTTPClientError: Error, Sendable, Equatable {
    package var kind: Kind
    /// What failed, and the peer, as a sentence.
    package var message: String
    /// Whether the peer's host refused the connection: the host is alive, and no process listens on the port.
    package var isRefused = false

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package enum Kind: Sendable {
        /// The URL is malformed.
        case badURL
        /// The connection was refused, or the host name cannot be resolved.
        case connect
        /// The connection was not accepted in time.
        case connectTimeout
        /// No response head in time.
        case headTimeout
        /// No bytes of the response body in time.
        case readTimeout
        /// The response did not end in time.
        case totalTimeout
        /// The peer took no bytes of the request body in time.
        case writeTimeout
        /// The peer closed the connection before the response ended.
        case closed
        /// The TLS handshake failed, for instance because the certificate is invalid.
        case tls
        /// The response is not HTTP/1.1.
        case protocolViolation
        /// The response body exceeds the caller's limit.
        case tooLarge
        /// The content encoding of the response is unsupported, or its compressed data is invalid.
        case encoding
        /// The maximum number of connections to the host is reached.
        case exhausted
    }

    /// Whether the request certainly did not reach the peer.
    package var isBeforeRequest: Bool {
        switch kind {
        case .badURL, .connect, .connectTimeout, .exhausted: true
        default: false
        }
    }

    init(_ error: ContentDecodingError) {
        switch error {
        case .unsupported(let name): self.init(.encoding, "The content encoding \(name) is not supported.")
        case .invalid: self.init(.encoding, "The compressed data of the response is invalid.")
        case .truncated: self.init(.encoding, "The compressed data of the response is incomplete.")
        case .tooLarge(let limit):
            self.init(.tooLarge, "The response is longer than \(limit) bytes after decompression.")
        }
    }
}
