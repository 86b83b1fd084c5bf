/// The one error that crosses a process: what kind it is, and a sentence for a person.
package struct Fault: Error, Codable, Sendable, Hashable {
    /// What kind of fault it is.
    package var code: Code
    /// What happened, to which thing, and what to do; ends with a full stop, holds no secret.
    package var message: String
    /// After how many seconds another try makes sense, where that is known.
    package var retryAfter: Int?
    /// What was tried in order to have a model answer, where a generation failed.
    package var attempts: [Attempt]?

    package init(_ code: Code, _ message: String, retryAfter: Int? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension Fault {
    /// What kind of fault it is; open, so that an older service can carry a newer one's codes.
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
    /// The request cannot be understood or breaks a rule.
    package static let invalid = Self(rawValue: "invalid")
    /// Nobody, or nobody that can be believed, is asking.
    package static let unauthorized = Self(rawValue: "unauthorized")
    /// Whoever is asking may not.
    package static let forbidden = Self(rawValue: "forbidden")
    /// There is no such thing.
    package static let missing = Self(rawValue: "missing")
    /// The thing is in a state that does not allow it.
    package static let conflict = Self(rawValue: "conflict")
    /// The key of this request came with another request before.
    package static let keyReused = Self(rawValue: "key_reused")
    /// The request is larger than allowed.
    package static let tooLarge = Self(rawValue: "too_large")
    /// Too much was asked in too short a time.
    package static let limited = Self(rawValue: "limited")
    /// A part that is needed does not answer; later it may.
    package static let unavailable = Self(rawValue: "unavailable")
    /// A service of ours could not be reached at all; the request was never sent.
    package static let unreachable = Self(rawValue: "unreachable")
    /// A time limit passed.
    package static let timeout = Self(rawValue: "timeout")
    /// An answer broke off before its end: no verdict, what came so far stands.
    package static let cut = Self(rawValue: "cut")
    /// A model provider answered with an error.
    package static let provider = Self(rawValue: "provider")
    /// A model provider does not take our credential; the user's own is not meant.
    package static let upstreamAuth = Self(rawValue: "upstream_auth")
    /// A model provider refused the request as it is; the same one will be refused again.
    package static let rejected = Self(rawValue: "rejected")
    /// The messages do not fit into the model's window.
    package static let contextTooLong = Self(rawValue: "context_length_exceeded")
    /// What was granted for a time is used up.
    package static let quotaExceeded = Self(rawValue: "quota_exceeded")
    /// The disk is full.
    package static let full = Self(rawValue: "full")
    /// Something of ours is wrong.
    package static let `internal` = Self(rawValue: "internal")
}

extension Fault.Code {
    /// Whether the same request may well succeed later.
    package var isRetryable: Bool {
        switch self {
        case .limited, .unavailable, .unreachable, .timeout, .cut, .provider, .full: true
        default: false
        }
    }
}
