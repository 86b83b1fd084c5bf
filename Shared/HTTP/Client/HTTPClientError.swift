/// Why a request over HTTP got no whole answer.
package struct HTTPClientError: Error, Sendable, Equatable {
    package var kind: Kind
    /// What happened and with whom, as a sentence.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package enum Kind: Sendable {
        /// The URL cannot be read.
        case badURL
        /// Nobody accepts connections there, or the name is unknown.
        case connect
        /// The connection was not accepted in time.
        case connectTimeout
        /// No response head in time.
        case headTimeout
        /// Silence within the body for longer than allowed.
        case readTimeout
        /// The peer closed before the proper end.
        case closed
        /// The peer's certificate or its TLS is not acceptable.
        case tls
        /// What the peer sent is not HTTP.
        case protocolViolation
        /// The body is longer than the caller takes.
        case tooLarge
        /// There are as many connections to that host as there may be.
        case exhausted
    }

    /// Whether the request surely never reached the peer.
    package var isBeforeRequest: Bool {
        switch kind {
        case .badURL, .connect, .connectTimeout, .exhausted: true
        default: false
        }
    }
}
