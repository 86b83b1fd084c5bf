import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// Creates responses of seed 000; an error is `{"error","details"}`.
enum APIGatewayResponse {
    /// A response that reports success.
    static func status(_ text: String) -> Response {
        var json = JSONWriter()
        json.object { $0.field("status", text) }
        return .json(json)
    }

    static func error(_ fault: Fault) -> Response {
        let status = status(of: fault.code)
        var json = JSONWriter()
        json.object { json in
            json.field("error", title(of: status))
            json.field("details", fault.message)
        }
        var response = Response.json(json, status: HTTPResponseStatus(status))
        if let retryAfter = fault.retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    /// The status of a fault.
    ///
    /// Invalid requests are 400 and all trouble behind the gateway is 500, the two codes of the document; other statuses
    /// are used where a client can act on them.
    static func status(of code: Fault.Code) -> HTTPResponse.Status {
        switch code {
        case .unsupportedType, .keyReused: return .badRequest
        // The provider rejected what this service sent, or its configuration.
        case .rejected: return .internalServerError
        default: break
        }
        let status = V1ErrorCode.status(code)
        return status.code < 500 || status == .notImplemented || status.code == 505 ? status : .internalServerError
    }

    private static func title(of status: HTTPResponse.Status) -> String {
        switch status {
        case .badRequest: "Invalid request"
        case .internalServerError: "HTTP error occurred"
        default: status.reasonPhrase
        }
    }
}
