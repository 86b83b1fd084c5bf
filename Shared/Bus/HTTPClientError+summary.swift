import HTTP

extension HTTPClientError {
    /// What failed, as part of a sentence that clients may see: without addresses.
    var summary: String {
        switch kind {
        case .badURL: "its URL is invalid"
        case .connect, .connectTimeout: "it accepts no connections"
        case .exhausted: "too many connections to it are open"
        case .headTimeout: "it did not respond in time"
        case .readTimeout: "it sent nothing for too long"
        case .totalTimeout: "it did not end in time"
        case .writeTimeout: "it read nothing for too long"
        case .closed: "the connection was closed"
        case .tls: "TLS failed"
        case .protocolViolation: "the response is not HTTP"
        case .tooLarge: "the response is too large"
        case .encoding: "the content encoding of the response cannot be decoded"
        }
    }
}
