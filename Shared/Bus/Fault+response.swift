package import Contracts
import HTTP
package import HTTPTypes
package import NIOCore
import NIOHTTP1

extension Fault.Code {
    /// The HTTP status of the code.
    package var status: HTTPResponse.Status {
        switch self {
        case .invalid, .rejected, .toolsUnsupported, .contextTooLong: .badRequest
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

/// A fault in the body of a bus response, or in the last line of a stream.
struct FaultEnvelope: Codable {
    var fault: Fault
}

extension Fault {
    /// Encodes the fault as the body of a bus response.
    package func encoded() throws -> ByteBuffer {
        try BusCoding.encode(FaultEnvelope(fault: self))
    }

    /// Returns the bus response with the fault.
    func response() throws -> ServerResponse {
        let status = code.status
        var response = ServerResponse.json(
            try encoded(),
            status: HTTPResponseStatus(statusCode: status.code, reasonPhrase: status.reasonPhrase)
        )
        if let retryAfter { response.headers.add(name: "retry-after", value: String(retryAfter)) }
        return response
    }

    /// The fault for a response that was still incomplete at the deadline.
    static func unfinished(peer: String) -> Fault {
        Fault(.timeout, "\(peer) did not finish its response in time. Try again.")
    }

    /// The fault for an unexpected error, whose details are only logged.
    package static func unexpected(requestID: String) -> Fault {
        Fault(.internal, "An unexpected error occurred. The log contains the details of request \(requestID).")
    }
}
