/// The error type of the bus: a code for programs and a message for people.
package struct Fault: Error, Codable, Sendable, Hashable {
    /// The kind of fault.
    package var code: Code
    /// What failed and what to do, in full sentences.
    ///
    /// Clients see it: it contains no secrets and no internal addresses.
    package var message: String
    /// Delay before a retry makes sense, in seconds, if known.
    package var retryAfter: Int?
    /// The attempts of a generation that failed.
    package var attempts: [Attempt]?

    package init(_ code: Code, _ message: String, retryAfter: Int? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension Fault {
    /// The kind of a fault.
    ///
    /// An open set: an older service can pass on the codes of a newer one.
    package struct Code: RawRepresentable, Codable, Sendable, Hashable {
        package var rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        package init(from decoder: any Decoder) throws {
            rawValue = try decoder.singleValueContainer().decode(String.self)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(rawValue)
        }
    }
}

extension Fault.Code {
    /// The request is malformed or invalid.
    package static let invalid = Self(rawValue: "invalid")
    /// Credentials are missing or invalid.
    package static let unauthorized = Self(rawValue: "unauthorized")
    /// The principal has no permission.
    package static let forbidden = Self(rawValue: "forbidden")
    /// The object does not exist.
    package static let missing = Self(rawValue: "missing")
    /// The object's state does not allow the operation.
    package static let conflict = Self(rawValue: "conflict")
    /// The idempotency key was used for a different request.
    package static let keyReused = Self(rawValue: "key_reused")
    /// The request is too large.
    package static let tooLarge = Self(rawValue: "too_large")
    /// A rate limit or concurrency limit was exceeded.
    package static let limited = Self(rawValue: "limited")
    /// A required component does not respond; a retry may succeed.
    package static let unavailable = Self(rawValue: "unavailable")
    /// A Parley service accepted no connection; the request was not sent.
    package static let unreachable = Self(rawValue: "unreachable")
    /// A time limit expired.
    package static let timeout = Self(rawValue: "timeout")
    /// A response ended early; what was received is valid, and the outcome is unknown.
    package static let cut = Self(rawValue: "cut")
    /// A model provider returned an error.
    package static let provider = Self(rawValue: "provider")
    /// A model provider rejected the configured credential, not the user's.
    package static let upstreamAuth = Self(rawValue: "upstream_auth")
    /// A model provider rejected the request; a retry will fail, too.
    package static let rejected = Self(rawValue: "rejected")
    /// The model does not support tools, and the request has some.
    package static let toolsUnsupported = Self(rawValue: "tools_unsupported")
    /// The messages exceed the model's context window.
    package static let contextTooLong = Self(rawValue: "context_length_exceeded")
    /// A quota is exhausted.
    package static let quotaExceeded = Self(rawValue: "quota_exceeded")
    /// The disk is full.
    package static let full = Self(rawValue: "full")
    /// An internal error.
    package static let `internal` = Self(rawValue: "internal")
}

extension Fault.Code {
    /// Whether a retry of the same request may succeed.
    package var isRetryable: Bool {
        switch self {
        case .limited, .unavailable, .unreachable, .timeout, .cut, .provider, .full: true
        default: false
        }
    }
}
