import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON

/// An error in the format of OpenAI's API.
struct OpenAIError {
    let status: HTTPResponse.Status
    let message: String
    let type: String
    let param: String?
    let code: String?

    /// An invalid request parameter, in the words of OpenAI's API.
    struct Parameter: Error {
        let param: String?
        let code: String?
        let message: String
    }

    init(_ parameter: Parameter) {
        status = .badRequest
        message = parameter.message
        type = "invalid_request_error"
        param = parameter.param
        code = parameter.code
    }

    init(_ fault: Fault) {
        message = fault.message
        switch fault.code {
        case .unauthorized, .keyInvalidated:
            (status, type, param, code) = (.unauthorized, Self.invalid, nil, "invalid_api_key")
        case .forbidden: (status, type, param, code) = (.forbidden, Self.invalid, nil, "permission_denied")
        case .missing: (status, type, param, code) = (.notFound, Self.invalid, "model", "model_not_found")
        case .unknownPath: (status, type, param, code) = (.notFound, Self.invalid, nil, "unknown_url")
        case .wrongMethod: (status, type, param, code) = (.methodNotAllowed, Self.invalid, nil, "method_not_supported")
        case .misdirected: (status, type, param, code) = (.misdirectedRequest, Self.invalid, nil, "misdirected_request")
        case .unsupportedType:
            (status, type, param, code) = (.unsupportedMediaType, Self.invalid, nil, "unsupported_media_type")
        case .contextTooLong:
            (status, type, param, code) = (.badRequest, Self.invalid, "messages", "context_length_exceeded")
        case .limited: (status, type, param, code) = (.tooManyRequests, "requests", nil, "rate_limit_exceeded")
        case .quotaExceeded:
            (status, type, param, code) = (.tooManyRequests, "insufficient_quota", nil, "insufficient_quota")
        case .cut, .provider: (status, type, param, code) = (.badGateway, Self.server, nil, "upstream_error")
        case .upstreamAuth: (status, type, param, code) = (.badGateway, Self.server, nil, "upstream_auth")
        case .internal: (status, type, param, code) = (.internalServerError, Self.server, nil, "internal_error")
        case .invalid, .rejected, .toolsUnsupported, .conflict:
            (status, type, param, code) = (fault.code.status, Self.invalid, nil, nil)
        case .tooLarge: (status, type, param, code) = (.contentTooLarge, Self.invalid, nil, "request_too_large")
        // Clients need not know whether a provider or one of our services is down.
        case .unreachable: (status, type, param, code) = (fault.code.status, Self.server, nil, "unavailable")
        default:
            status = fault.code.publicStatus
            let isRequestInvalid = status.code < 500 || [501, 505].contains(status.code)
            (type, param, code) = (isRequestInvalid ? Self.invalid : Self.server, nil, fault.code.rawValue)
        }
    }

    private static let invalid = "invalid_request_error"
    private static let server = "server_error"

    /// Whether the same request may succeed later.
    var isWorthRetrying: Bool {
        switch code {
        case "insufficient_quota", "upstream_auth", "method_not_supported": false
        default: [408, 429].contains(status.code) || status.code >= 500 && type == Self.server
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.object("error") { json in
                json.field("message", message)
                json.field("type", type)
                json.field("param", param)
                json.field("code", code)
            }
        }
    }
}

extension OpenAIError.Parameter: RespondingError {
    func response() -> Response { OpenAIResponse.invalidParameter(self) }
}
