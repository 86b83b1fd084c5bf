package import Contracts
import HTTP
package import HTTPTypes
package import NIOCore
import NIOHTTP1

extension Fault.Code {
    /// The HTTP status that goes with the code.
    package var status: HTTPResponse.Status {
        switch self {
        case .invalid, .rejected, .contextTooLong: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .missing: .notFound
        case .conflict: .conflict
        case .keyReused: .unprocessableContent
        case .tooLarge: .contentTooLarge
        case .limited, .quotaExceeded: .tooManyRequests
        case .unavailable, .unreachable: .serviceUnavailable
        case .timeout: .gatewayTimeout
        case .cut, .provider, .upstreamAuth: .badGateway
        case .full: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        default: .internalServerError
        }
    }
}

/// A fault as a bus answer or a stream's last line carries it.
struct FaultEnvelope: Codable {
    var fault: Fault
}

extension Fault {
    /// The fault as the body of a bus answer.
    package func encoded() throws -> ByteBuffer {
        try BusCoding.encode(FaultEnvelope(fault: self))
    }

    /// The bus answer that carries the fault.
    func answer() throws -> ServerResponse {
        let status = code.status
        var answer = ServerResponse.json(
            try encoded(),
            status: HTTPResponseStatus(statusCode: status.code, reasonPhrase: status.reasonPhrase)
        )
        if let retryAfter { answer.headers.add(name: "retry-after", value: String(retryAfter)) }
        return answer
    }

    /// What a fault of no known kind looks like from outside; the cause belongs in the log.
    package static func unexpected(requestID: String) -> Fault {
        Fault(.internal, "Something went wrong in this service; its log says what, under the request \(requestID).")
    }
}
