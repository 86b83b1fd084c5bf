import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// Creates responses of v1: compact JSON, and one envelope for all errors.
enum V1Response {
    static func json(_ json: JSONWriter, status: HTTPResponseStatus = .ok) -> Response {
        .json(json, status: status)
    }

    /// The envelope `{"error","message","details"}`.
    static func error(_ fault: Fault, details: (inout JSONWriter) -> Void = { _ in }) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.field("error", V1ErrorCode.name(fault.code))
            json.field("message", fault.message)
            json.object("details") { json in
                if let retryAfter = fault.retryAfter { json.field("retry_after", retryAfter) }
                details(&json)
            }
        }
        var response = Self.json(json, status: HTTPResponseStatus(V1ErrorCode.status(fault.code)))
        if let retryAfter = fault.retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if response.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    /// The response 429 for an exceeded rate limit.
    static func rateLimited(_ decision: RateLimitDecision) -> Response {
        let fault = Fault(
            .limited,
            "Too many requests: at most \(decision.limit) \(decision.exceeded ?? "").",
            retryAfter: decision.retryAfter
        )
        var response = Self.error(fault) { json in
            json.field("limit_type", decision.exceeded)
            json.field("limit", decision.limit)
        }
        decision.write(to: &response.headers)
        return response
    }
}
