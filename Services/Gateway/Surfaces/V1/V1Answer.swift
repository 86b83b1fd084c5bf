import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// Answers in v1's shape: compact JSON, and one envelope for every error.
enum V1Answer {
    static func json(_ json: JSONWriter, status: HTTPResponseStatus = .ok) -> Response {
        .json(json, status: status)
    }

    /// The envelope `{"error","message","details"}`.
    static func fault(_ fault: Fault, details: (inout JSONWriter) -> Void = { _ in }) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.field("error", V1Fault.name(fault.code))
            json.field("message", fault.message)
            json.object("details") { json in
                if let retryAfter = fault.retryAfter { json.field("retry_after", retryAfter) }
                details(&json)
            }
        }
        var response = Self.json(json, status: HTTPResponseStatus(V1Fault.status(fault.code)))
        if let retryAfter = fault.retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if response.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    /// 429 for a caller who asks too often.
    static func tooMany(_ verdict: RateLimiter.Verdict) -> Response {
        let fault = Fault(
            .limited,
            "Too many requests: at most \(verdict.limit) \(verdict.exceeded ?? "").",
            retryAfter: verdict.retryAfter
        )
        var response = Self.fault(fault) { json in
            json.field("limit_type", verdict.exceeded)
            json.field("limit", verdict.limit)
        }
        verdict.write(to: &response.headers)
        return response
    }
}

/// How faults are called on v1.
enum V1Fault {
    static func name(_ code: Fault.Code) -> String {
        switch code {
        case .invalid: "bad_request"
        case .missing, .unknownPath: "not_found"
        case .tooLarge: "payload_too_large"
        case .limited: "rate_limit_exceeded"
        case .unavailable, .unreachable, .provider, .cut: "service_unavailable"
        case .timeout: "timeout"
        case .keyLost: Fault.Code.unauthorized.rawValue
        case .full: "insufficient_storage"
        case .keyReused: "idempotency_key_reused"
        case .internal: "internal_error"
        default: code.rawValue
        }
    }

    static func status(_ code: Fault.Code) -> HTTPResponse.Status {
        switch code {
        case .cut, .provider: .serviceUnavailable
        case .keyLost: .unauthorized
        default: code.publicStatus
        }
    }
}
