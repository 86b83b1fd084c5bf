import Bus
import Contracts
import HTTP
import Logging
import NIOCore
import NIOHTTP1

/// Turns every error into a response in the format of the surface that was asked.
enum ErrorResponder {
    static func response(to error: any Error, _ context: GatewayContext) -> Response {
        let errors = context.resolution.surface.errors
        switch error {
        case let fault as Fault: return errors.response(fault)
        case let error as any RespondingError: return error.response()
        case is CancellationError: return errors.response(Fault(.clientDisconnected, "The client disconnected."))
        case is HTTPParserError, is ByteToMessageDecoderError, is ChannelError, is IOError:
            // The connection failed while the body was read; the error may quote the body, so it is not logged.
            return errors.response(Fault(.invalid, "The request ended early, or is not HTTP/1.1 (RFC 9112)."))
        default:
            Logger.current.error(
                "Request failed",
                metadata: [
                    "request.id": "\(context.requestID)", "request.path": "\(context.path)", "error": "\(error)",
                ]
            )
            return errors.response(.unexpected(requestID: context.requestID))
        }
    }
}
