import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// Creates responses in OpenAI's format; every error is `{"error":{"message","type","param","code"}}`.
enum OpenAIResponse {
    static func json(_ json: JSONWriter, status: HTTPResponseStatus = .ok) -> Response {
        .json(json, status: status)
    }

    static func error(_ fault: Fault) -> Response {
        let error = OpenAIError(fault)
        var json = JSONWriter()
        error.write(to: &json)
        var response = Self.json(json, status: HTTPResponseStatus(error.status))
        if let retryAfter = fault.retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if error.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        // OpenAI's clients retry after most errors unless this header forbids it.
        if !error.isWorthRetrying { response.headers[.xShouldRetry] = "false" }
        return response
    }

    /// The response 400 for an invalid parameter.
    static func invalidParameter(_ parameter: OpenAIError.Parameter) -> Response {
        let error = OpenAIError(parameter)
        var json = JSONWriter()
        error.write(to: &json)
        return Self.json(json, status: HTTPResponseStatus(error.status))
    }

    /// The response 429 for an exceeded rate limit.
    static func rateLimited(_ decision: RateLimitDecision) -> Response {
        let isMinute = decision.exceeded == "per_minute"
        let limit = isMinute ? decision.limitMinute : decision.limitHour
        let fault = Fault(
            .limited,
            "Rate limit reached: at most \(limit) requests per \(isMinute ? "minute" : "hour"). "
                + "Please try again in \(decision.retryAfter)s.",
            retryAfter: decision.retryAfter
        )
        var response = Self.error(fault)
        decision.writeOpenAI(to: &response.headers)
        return response
    }
}

extension RateLimitDecision {
    /// Adds OpenAI's rate limit headers.
    func writeOpenAI(to headers: inout HTTPHeaders) {
        guard limitMinute > 0 else { return }
        headers[.rateLimitRequests] = String(limitMinute)
        headers[.rateRemainingRequests] = String(remainingMinute)
        let missing = limitMinute - remainingMinute
        headers[.rateResetRequests] = "\(missing * 60_000 / limitMinute)ms"
    }
}

extension HTTPField.Name {
    static var xShouldRetry: Self { xShouldRetryName }
    static var rateLimitRequests: Self { rateLimitRequestsName }
    static var rateRemainingRequests: Self { rateRemainingRequestsName }
    static var rateResetRequests: Self { rateResetRequestsName }
}

private let xShouldRetryName = headerName("x-should-retry")
private let rateLimitRequestsName = headerName("x-ratelimit-limit-requests")
private let rateRemainingRequestsName = headerName("x-ratelimit-remaining-requests")
private let rateResetRequestsName = headerName("x-ratelimit-reset-requests")
