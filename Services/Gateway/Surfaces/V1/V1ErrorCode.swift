import Bus
import Contracts
import HTTPTypes

/// The names and status codes of faults on v1.
enum V1ErrorCode {
    static func name(_ code: Fault.Code) -> String {
        switch code {
        case .invalid: "bad_request"
        case .missing, .unknownPath: "not_found"
        case .tooLarge: "payload_too_large"
        case .limited: "rate_limit_exceeded"
        case .unavailable, .unreachable, .provider, .cut: "service_unavailable"
        case .timeout: "timeout"
        case .keyInvalidated: Fault.Code.unauthorized.rawValue
        case .full: "insufficient_storage"
        case .keyReused: "idempotency_key_reused"
        case .internal: "internal_error"
        default: code.rawValue
        }
    }

    static func status(_ code: Fault.Code) -> HTTPResponse.Status {
        switch code {
        case .cut, .provider: .serviceUnavailable
        case .keyInvalidated: .unauthorized
        default: code.publicStatus
        }
    }
}
