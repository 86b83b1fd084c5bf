import Bus
import Contracts
import HTTPTypes
import NIOHTTP1

/// Faults that the gateway finds in a request itself.
extension Fault.Code {
    /// The path does not exist.
    static let unknownPath = Self(rawValue: "unknown_path")
    /// The path exists, but not for this method.
    static let wrongMethod = Self(rawValue: "method_not_allowed")
    /// The media type or the encoding of the body is not supported.
    static let unsupportedType = Self(rawValue: "unsupported_media_type")
    /// The request did not arrive in time.
    static let requestTimeout = Self(rawValue: "request_timeout")
    /// The request's target is too long.
    static let uriTooLong = Self(rawValue: "uri_too_long")
    /// The request's headers are too large.
    static let headersTooLarge = Self(rawValue: "headers_too_large")
    /// The client disconnected before its response was complete.
    static let clientDisconnected = Self(rawValue: "client_disconnected")
    /// The method or the transfer encoding is not implemented.
    static let notImplemented = Self(rawValue: "not_implemented")
    /// The protocol's version is not supported.
    static let unsupportedVersion = Self(rawValue: "http_version_not_supported")

    /// The HTTP status of a fault on public surfaces that do not choose another.
    var publicStatus: HTTPResponse.Status {
        switch self {
        case .unknownPath: .notFound
        case .wrongMethod: .methodNotAllowed
        case .unsupportedType: .unsupportedMediaType
        case .requestTimeout: .requestTimeout
        case .uriTooLong: .uriTooLong
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .misdirected: .misdirectedRequest
        // No registered status says this; proxies have used 499 for long, and it counts as no error of the server.
        case .clientDisconnected: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
        case .notImplemented: .notImplemented
        case .unsupportedVersion: HTTPResponse.Status(code: 505, reasonPhrase: "HTTP Version Not Supported")
        default: status
        }
    }
}

extension Fault {
    static func bodyTooLarge(limit: Int) -> Fault {
        Fault(.tooLarge, "The body is longer than \(limit) bytes.")
    }

    /// A request that the parser refused; `requestLine` is its first line, if that is known.
    static func unparsable(_ error: HTTPParserError, _ requestLine: RequestLine) -> Fault {
        switch error {
        case .headerOverflow where requestLine.isTooLong, .invalidURL where requestLine.isTooLong:
            Fault(.uriTooLong, "The request's target is too long.")
        case .headerOverflow: Fault(.headersTooLarge, "The headers are too large.")
        case .invalidVersion where requestLine.hasUnsupportedVersion:
            Fault(.unsupportedVersion, "The protocol is neither HTTP/1.1 nor HTTP/1.0.")
        case .invalidMethod where requestLine.hasMethod:
            Fault(.notImplemented, "The request's method is not implemented.")
        default: Fault(.invalid, "The request is not HTTP/1.1 as defined by RFC 9112.")
        }
    }
}
