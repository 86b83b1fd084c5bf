import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// Creates responses as FastAPI does, for the surfaces whose originals are written with it: an error is
/// `{"detail":"…"}`, and an invalid request 422 with the list of ``ValidationError``.
enum FastAPIResponse {
    /// The error format of the surfaces.
    static let errors = ErrorFormat(
        schema: .fastAPIError,
        schemas: [422: .anyOf([.fastAPIValidationErrors, .fastAPIError])],
        response: { error($0) }
    )

    static func error(_ fault: Fault) -> Response {
        let status = V1ErrorCode.status(fault.code)
        var response = error(detail(of: fault), status: HTTPResponseStatus(status))
        if let retryAfter = fault.retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    static func error(_ detail: String, status: HTTPResponseStatus) -> Response {
        var json = JSONWriter()
        json.object { $0.field("detail", detail) }
        return .json(json, status: status)
    }

    /// The response for a run that ended without an answer: 502, because a model behind the gateway failed; 503 for a run
    /// that is to be started later.
    static func failedRun(_ end: Run.End) -> Response {
        let fault = RunFault(of: end).fault
        let status: HTTPResponseStatus =
            switch fault.code {
            case .full: .insufficientStorage
            case .quotaExceeded: .tooManyRequests
            case _ where end.status == .queued: .serviceUnavailable
            default: .badGateway
            }
        var response = error(fault.message, status: status)
        if let retryAfter = fault.retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }

    /// Starlette's sentences for paths and methods that do not exist.
    private static func detail(of fault: Fault) -> String {
        switch fault.code {
        case .unknownPath: "Not Found"
        case .wrongMethod: "Method Not Allowed"
        default: fault.message
        }
    }
}
